"""What the tests share: the binary that reads the files, and rows. RADIAL names the binary; scripts/python.sh builds one."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


class Radial:
    """The commands of the binary."""

    binary = os.environ.get("RADIAL", "radial")

    def __call__(self, *arguments: object, status: int = 0) -> str:
        result = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert result.returncode == status, (arguments, result.returncode, result.stdout, result.stderr)
        return result.stdout + result.stderr

    def check(self, model: pathlib.Path, rows: np.ndarray, expected: np.ndarray, of: str = "outputs") -> None:
        """Holds what the binary computes against a framework's own answers."""
        folder = model.parent
        np.save(folder / "rows.npy", np.ascontiguousarray(rows, np.float32))
        np.save(folder / "expected.npy", np.ascontiguousarray(expected, np.float32))
        assert f"rows compared: {len(rows)}" in self("check", model, folder / "rows.npy", folder / "expected.npy", "--of", of)

    def predictions(self, model: pathlib.Path, rows: np.ndarray) -> list[dict]:
        """What is answered for rows [N, ...], in their order."""
        np.save(model.parent / "rows.npy", np.ascontiguousarray(rows, np.float32))
        return [json.loads(line) for line in self("predict", model, model.parent / "rows.npy", "--quiet").splitlines() if line[0] == "{"]


@pytest.fixture
def radial() -> Radial:
    return Radial()
