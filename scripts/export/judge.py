"""Holds Radial's answers for exported networks against their framework's, and prints what each file became.

judge.py RADIAL FOLDER…; exit code 1 where an answer is wrong, or a file is refused that was not expected to be.

The rule is that of the golden networks: with y the answer in Float64, n the widest input of a layer, and E the largest difference of
the framework's own Float32 from y, a number may be off by max(4 E, 2e-6 + (4e-6 + 2.5e-8 n) |y|), and a squared distance by
1e-6 + (1e-5 + 2.5e-8 n) d². The share is the largest deviation over what is allowed; with * only E allows it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from case import Array, Case

RADIAL = Path(sys.argv[1])


def radial(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RADIAL, *map(str, arguments)], capture_output=True, text=True, timeout=120)


@dataclass
class Verdict:
    """A line of the table: what the file became, by how much it is off, and whether that is well."""

    became: str
    share: str = ""
    is_wrong: bool = False


def share(found: Array, wanted: Array, bound: Array) -> float:
    """The largest deviation over what is allowed; the same infinity is right, and what is below 1e-37 may be 0."""
    same = (found == wanted) | ((np.abs(wanted) < 1e-37) & (np.abs(found) < 1e-37))
    with np.errstate(invalid="ignore"):
        shares = np.where(same, 0.0, np.abs(found - wanted) / bound)
    return float(np.nan_to_num(shares, nan=np.inf).max())


def layers(description: dict[str, Any]) -> str:
    def text(layer: dict[str, Any]) -> str:
        return f"{layer['type']} {layer['output_shape'][-1]}" if layer["type"] in ("dense", "rbf", "duq", "conv2d") else layer["type"]

    return " → ".join(text(layer) for layer in description["layers"] if layer["type"] not in ("flatten", "input"))


def judge(case: Case, folder: Path) -> Verdict:
    if case.failure is not None:
        return Verdict(f"not exported: {case.failure}")
    model = folder / "model.onnx"
    inspected = radial("inspect", "--json", model)
    if inspected.returncode != 0:
        sentence = inspected.stderr.strip().removeprefix("radial: ").removeprefix(f"{model}: ")
        is_expected = inspected.returncode == 2 and case.refused is not None and case.refused in sentence
        return Verdict(f"refused{'' if is_expected else ' UNEXPECTEDLY'}: {sentence}", is_wrong=not is_expected)
    description = json.loads(inspected.stdout)
    members = "scores,distances" if description["distances"] is not None else "scores"
    run = radial("predict", model, folder / "rows.npy", "--reject", "off", "--outputs", members, "--quiet")
    if run.returncode != 0:
        return Verdict(f"predict fails: {run.stderr.strip()}", is_wrong=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    truth = np.load(folder / "truth.npz")
    double, n = truth["double"], case.widest
    found = np.array([line.get("scores", line.get("outputs")) for line in lines], np.float64).reshape(double.shape)
    with np.errstate(invalid="ignore"):
        differences = np.abs(truth["single"] - double)
    plain = 2e-6 + (4e-6 + 2.5e-8 * n) * np.abs(double)
    own = np.maximum(4 * np.nanmax(differences[np.isfinite(differences)], initial=0.0), plain)
    of_outputs, without_own = share(found, double, own), share(found, double, plain)
    text = f"{of_outputs:.2f}{'*' if without_own > 1 else ''}"
    worst = of_outputs
    if "squares" in truth and "distances" in lines[0]:
        squares = truth["squares"]
        distances = np.array([line["distances"] for line in lines], np.float64).reshape(squares.shape)
        of_squares = share(distances, squares, 1e-6 + (1e-5 + 2.5e-8 * n) * squares)
        text, worst = f"{text}, d² {of_squares:.2f}", max(worst, of_squares)
    became = layers(description)
    if case.refused is not None:
        became += " (was expected to be refused)"
    return Verdict(became, text, is_wrong=worst > 1)


def main(roots: list[Path]) -> int:
    verdicts = [(case, judge(case, folder)) for root in roots for case, folder in Case.all(root)]
    print("| network | exporter | became | share |\n|---|---|---|---|")
    for case, verdict in verdicts:
        print(f"| {case.network} | {case.exporter} | {verdict.became} | {verdict.share}{' WRONG' if verdict.is_wrong else ''} |")
    served = [case for case, verdict in verdicts if verdict.share]
    refused = sum(verdict.became.startswith("refused") for _, verdict in verdicts)
    wrong = [f"{case.network}, {case.exporter}" for case, verdict in verdicts if verdict.is_wrong]
    print(f"\n{len({case.network for case, _ in verdicts})} networks, {len(verdicts)} files: {len(served)} served, {refused} refused, ", end="")
    print(f"{len(verdicts) - len(served) - refused} not exported; {len(wrong)} wrong", *wrong, sep="\n  ")
    return 1 if wrong or not served else 0


if __name__ == "__main__":
    sys.exit(main([Path(folder) for folder in sys.argv[2:]]))
