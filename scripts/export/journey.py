"""Runs the journey of the page of ONNX files as it stands there: its Python trains and exports, its commands inspect, serve, calibrate and
predict; then its state dict. What is printed must be what the page shows, and the answers PyTorch's own.

journey.py RADIAL FOLDER; the files stay in FOLDER.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

PAGE = Path(__file__).parents[2] / "Sources/radial/Radial.docc/ONNXFiles.md"


def blocks(section: str, language: str) -> list[str]:
    """The fenced blocks below a heading, up to the next one."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [block for found, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if found == language]


def fits(text: str, pattern: str) -> bool:
    """Whether text is pattern with something in the place of each …; a table's lines end in blanks."""
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)
    return re.fullmatch(".*?".join(map(re.escape, pattern.strip().split("…"))), text.strip(), re.DOTALL) is not None


class Shell:
    """The commands of a page: radial is the binary, and a server that is started is the one that localhost:8080 means."""

    def __init__(self, radial: str) -> None:
        self.radial = radial
        self.server: subprocess.Popen[str] | None = None
        self.place = ""

    def run(self, command: str, expected: str) -> None:
        arguments = [self.radial if word == "radial" else word for word in shlex.split(command)]
        if arguments[1] == "serve":
            self.stop()
            arguments += ["--port", "0"]
            self.server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert self.server.stdout is not None
            line = next(line for line in self.server.stdout if " at http" in line)
            self.place = re.search(r"http://(\S+?),", line)[1]  # type: ignore[index]
            print(f"$ {command}\n")
            return
        arguments = [argument.replace("localhost:8080", self.place) for argument in arguments]
        run = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
        print(f"$ {shlex.join(arguments)[:100]}\n{run.stdout}{run.stderr}")
        assert run.returncode == 0 and fits(run.stdout, expected), f"expected:\n{expected}"

    def stop(self) -> None:
        if self.server is not None:
            self.server.terminate()
            assert self.server.wait(30) == 0
            self.server = None


def compare(radial: str, model: torch.nn.Module, path: str, rows: np.ndarray[Any, Any]) -> None:
    """By the rule of judge.py."""
    with torch.no_grad():
        wanted = model.double()(torch.from_numpy(rows).double()).numpy()
    run = subprocess.run([radial, "predict", path, "rows.npy", "--outputs", "scores"], check=True, capture_output=True, text=True)
    found = np.array([json.loads(line)["scores"] for line in run.stdout.splitlines()])
    share = (np.abs(found - wanted) / (2e-6 + (4e-6 + 2.5e-8 * 16) * np.abs(wanted))).max()
    print(f"{path}: {len(rows)} rows, the largest deviation is {share:.2f} of what is allowed")
    assert share <= 1


def main(radial: str, folder: Path) -> None:
    os.chdir(folder)
    names: dict[str, Any] = {}
    [program] = blocks("From PyTorch", "python")
    exec(program, names)  # the page's own
    held_out, new = np.load("held-out.npy"), np.load("new.npy")
    np.save("rows.npy", np.concatenate([held_out[:500], new]))
    rows = np.load("rows.npy")
    shell = Shell(radial)
    try:
        [console] = blocks("From PyTorch", "console")
        for command, output in re.findall(r"^\$ (.*?)\n(.*?)(?=^\$ |\Z)", console, re.DOTALL | re.MULTILINE):
            shell.run(command, output)
    finally:
        shell.stop()
    exported, calibrated = (names["model"], "model.onnx"), (names["model"], "model.safetensors")
    for model, path in (exported, calibrated):
        compare(radial, model, path, rows)
    np.save("expected.npy", names["model"](torch.from_numpy(new).double()).detach().numpy())
    names["model"].float()
    os.mkdir("state")
    os.chdir("state")
    np.save("rows.npy", rows)
    [program] = blocks("A state dict", "python")
    exec(program, names)
    compare(radial, names["model"], "model.safetensors", rows)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]))
