"""ONNX Runtime on one thread, and the engine as radial-bench times it: for every script that compares the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, NamedTuple

import numpy as np
import onnxruntime

Array = np.ndarray[Any, Any]


class Bound(NamedTuple):
    """A call that computes the answers of the rows, in memory that stays the same."""

    run: Callable[[], object]
    rows: Array
    answers: Array


def session(model: bytes | str | Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def bound(model: onnxruntime.InferenceSession, rows: Array) -> Bound:
    """Its first output of rows of its only input; run once already."""
    [entry] = [value.name for value in model.get_inputs()]
    answers = np.zeros_like(model.run(None, {entry: rows})[0])
    binding = model.io_binding()
    binding.bind_ortvalue_input(entry, onnxruntime.OrtValue.ortvalue_from_numpy(rows))
    binding.bind_ortvalue_output(model.get_outputs()[0].name, onnxruntime.OrtValue.ortvalue_from_numpy(answers))
    model.run_with_iobinding(binding)
    return Bound(lambda: model.run_with_iobinding(binding), rows, answers)


def engine(printed: str, path: Path) -> dict[int, list[float]]:
    """What radial-bench has printed of a model's file, by rows: rows a second, GFLOP/s and the share of the peak; with --two-threads the ratio."""
    lines = [line.split() for line in printed.splitlines() if line.startswith(path.stem + " ")]
    if not lines:
        raise RuntimeError(f"radial-bench: expected lines of {path.stem}, found {printed[-2000:]}")
    return {int(line[1]): [float(figure) for figure in line[2:]] for line in lines}
