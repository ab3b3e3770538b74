"""Writes the manual pages of radial's commands from what the binary says of itself.

    radial --experimental-dump-help | manual.py VERSION SECONDS FOLDER

FOLDER gets radial.1 and a page for each command; SECONDS since the epoch are their date.
"""

import datetime
import json
import pathlib
import sys


def escaped(text: str) -> str:
    """Text as groff prints it: a dash is a minus sign that can be copied, and no line is a request (groff(7))."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def paragraphs(text: str) -> list[str]:
    """A discussion: paragraphs between empty lines, and examples, which are indented by two blanks."""
    lines = []
    for paragraph in text.strip("\n").split("\n\n"):
        is_example = paragraph.startswith("  ")
        lines += [".PP", ".nf" if is_example else None, escaped(paragraph), ".fi" if is_example else None]
    return [line for line in lines if line]


def spelling(name: dict) -> str:
    return ("\\-" if name["kind"] == "short" else "\\-\\-") + escaped(name["name"])


def entry(argument: dict) -> list[str]:
    """One flag, option or argument, as an item of a list."""
    value = f"\\fI{escaped(argument.get('valueName', ''))}\\fR"
    if argument["kind"] == "positional":
        title = value + ("..." if argument.get("isRepeating") else "")
    else:
        title = ", ".join(f"\\fB{spelling(name)}\\fR" for name in argument["names"])
        if argument["kind"] == "option":
            title += " " + value
    text = argument.get("abstract", "")
    if argument.get("defaultValue") and "default:" not in text:
        text += f" (default: {argument['defaultValue']})"
    return [".TP", title, escaped(text)]


def page(command: dict, parents: list[str], version: str, date: str, others: list[str]) -> str:
    name = " ".join([*parents, command["commandName"]])
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    places = [a for a in arguments if a["kind"] == "positional"]
    lines = [f'.TH {name.upper().replace(" ", "-")} 1 {date} "radial {version}" "Radial"', ".SH NAME",
             escaped(f"{name.replace(' ', '-')} - {command['abstract'].rstrip('.')}"), ".SH SYNOPSIS", f".B {escaped(name)}"]
    if command.get("subcommands"):
        lines.append("\\fIcommand\\fR")
    for argument in places:
        text = f"\\fI{escaped(argument['valueName'])}\\fR" + ("..." if argument.get("isRepeating") else "")
        lines.append(f"[{text}]" if argument.get("isOptional") else text)
    lines += ["[\\fIoptions\\fR]", ".SH DESCRIPTION", escaped(command["abstract"]), *paragraphs(command.get("discussion", ""))]
    if command.get("subcommands"):
        lines.append(".SH COMMANDS")
        for sub in command["subcommands"]:
            lines += [".TP", f"\\fB{escaped(name)} {escaped(sub['commandName'])}\\fR", escaped(sub["abstract"])]
    for title, some in (("ARGUMENTS", places), ("OPTIONS", [a for a in arguments if a not in places])):
        if some:
            lines += [f".SH {title}", *(line for argument in some for line in entry(argument))]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {escaped(other)} (1)" for other in others)]
    return "\n".join(lines) + "\n"


def main() -> None:
    version, seconds, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
    root = json.load(sys.stdin)["command"]
    commands = [command for command in root["subcommands"] if command["commandName"] != "help"]
    root["subcommands"] = commands
    names = [f"radial-{command['commandName']}" for command in commands]
    (folder / "radial.1").write_text(page(root, [], version, date, names))
    for name, command in zip(names, commands):
        others = ["radial"] + [other for other in names if other != name]
        (folder / f"{name}.1").write_text(page(command, ["radial"], version, date, others))


if __name__ == "__main__":
    main()
