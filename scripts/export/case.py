"""An exported network beside the framework's own answers: what the exporters write, and judge.py reads."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass
class Case:
    """A network, who exported it, and what is expected of Radial."""

    network: str
    exporter: str
    # The widest input of a layer.
    widest: int = 1
    # Words of the refusal's sentence, where one is expected.
    refused: str | None = None
    # What the exporter said, where it could not write the file.
    failure: str | None = None

    def folder(self, root: Path) -> Path:
        return root / re.sub(r"[^A-Za-z0-9.-]+", "_", f"{self.network}-{self.exporter}")

    def write(self, root: Path, rows: Array, single: Array, double: Array, squares: Array | None = None) -> None:
        """rows [N, …], the answers [N, outputs] computed in Float32 and in Float64, and squared distances [N, classes] of Float64."""
        folder = self.folder(root)
        np.save(folder / "rows.npy", np.ascontiguousarray(rows, np.float32))
        double = double.reshape(len(rows), -1)
        truth: dict[str, Any] = {"single": single.reshape(double.shape).astype(np.float64), "double": double}
        np.savez(folder / "truth.npz", **truth if squares is None else truth | {"squares": squares})
        self.save(root)

    def fail(self, root: Path, error: Exception) -> None:
        """The exporter cannot write this network."""
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if "No ONNX function" in line), lines[0] if lines else "")
        self.failure = re.sub(r"\x1b\[\d+m", "", f"{type(error).__name__}: {reason.strip()}")[:160]
        self.save(root)

    def save(self, root: Path) -> None:
        (self.folder(root) / "case.json").write_text(json.dumps(asdict(self)))

    @staticmethod
    def all(root: Path) -> list[tuple[Case, Path]]:
        """In the order in which they were written."""
        files = sorted(root.glob("*/case.json"), key=lambda file: file.stat().st_mtime_ns)
        return [(Case(**json.loads(file.read_text())), file.parent) for file in files]


def blobs(shape: tuple[int, ...], classes: int, seed: int = 7, count: int = 256) -> tuple[Array, Array]:
    """Rows [count, *shape] around one point a class, and the classes' indices [count]."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(classes, *shape))
    labels = random.integers(classes, size=count)
    return (points[labels] + 0.4 * random.normal(size=(count, *shape))).astype(np.float32), labels


def questions(shape: tuple[int, ...], classes: int, far: float = 25.0) -> Array:
    """Ordinary rows, and far ones: three scaled up, one of zeros, one of a single large number."""
    rows = blobs(shape, classes, count=13)[0]
    rows[8:11] *= far
    rows[11] = 0
    rows[12] = far
    return rows
