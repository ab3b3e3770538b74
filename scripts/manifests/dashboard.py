"""Checks of the Grafana dashboard: its expressions, and that it can be laid out."""

import json
import pathlib
import re
import subprocess
import tempfile

# What Grafana and its user would put in.
VARIABLES = {"$__rate_interval": "5m", "$job": "radial", "$instance": ".*", "$model": ".*"}
# Where an expression names no metric: strings, matchers, labels.
NO_METRIC = re.compile(r'"[^"]*"|\{[^}]*\}|\b(?:by|without)\s*\([^)]*\)')


def read(path: pathlib.Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def names(metrics: str) -> set[str]:
    """Every name that samples of these families have, also those of which there is no sample yet."""
    found = set()
    for family, kind in re.findall(r"^# TYPE (\S+) (\S+)$", metrics, re.M):
        found |= {family + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {family}
    return found


def expressions(board: dict, variables: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Title and expression of every target, with values for the variables."""
    found = []
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in (variables or VARIABLES).items():
                expression = expression.replace(name, value)
            found.append((panel["title"], expression))
    return found


def metrics_of(expression: str) -> list[str]:
    return re.findall(r"\b(?:radial|process)_\w+", NO_METRIC.sub("", expression))


def problems(board: dict, metrics: set[str]) -> list[str]:
    found = []
    for title, expression in expressions(board):
        if "$" in expression:
            found.append(f"{title}: a variable that the dashboard does not have in {expression}")
        for name in metrics_of(expression):
            if name not in metrics:
                found.append(f"{title}: the server has no metric {name}")
    declared = {"$" + variable["name"] for variable in board["templating"]["list"]}
    if undeclared := VARIABLES.keys() - declared - {"$__rate_interval"}:
        found.append(f"not among the variables: {sorted(undeclared)}")
    for variable in board["templating"]["list"]:
        queried = re.match(r"label_values\((\w+)", str(variable["query"]))
        if queried and queried[1] not in metrics:
            found.append(f"variable {variable['name']}: the server has no metric {queried[1]}")
    return found + layout_problems(board) + parse_problems(expressions(board))


def layout_problems(board: dict) -> list[str]:
    found, taken, identifiers = [], {}, set()
    for panel in board["panels"]:
        if panel["id"] in identifiers:
            found.append(f"{panel['title']}: id {panel['id']} is another panel's")
        identifiers.add(panel["id"])
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if x >= 24 or (x, y) in taken:
                    found.append(f"{panel['title']}: overlaps {taken.get((x, y), 'the margin')}")
                taken[x, y] = panel["title"]
        if panel["type"] != "row" and panel["datasource"]["uid"] != "${datasource}":
            found.append(f"{panel['title']}: expected the datasource to be the variable, found {panel['datasource']}")
    return list(dict.fromkeys(found))


def parse_problems(expected: list[tuple[str, str]]) -> list[str]:
    """promtool reads expressions in a file of rules only."""
    rules = [{"record": "parsed", "labels": {"panel": str(index)}, "expr": text} for index, (_, text) in enumerate(expected)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        # JSON is YAML.
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        checked = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=60)
    if checked.returncode == 0:
        return []
    return [line.replace(file.name, "").strip() for line in checked.stderr.splitlines() if "error" in line] or [checked.stderr]
