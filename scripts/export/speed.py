"""The engine beside ONNX Runtime on the same files, one thread each on one core, batches of 1, 8 and 64; then load times and memory.

speed.py RADIAL RADIAL_BENCH FOLDER

Verified first. Both take turns, ROUNDS (5) times; a rate is the median of the rounds', and so is the ratio of each round.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from networks import RBF

Rates = dict[int, float]
BATCHES = (1, 8, 64)


def networks() -> dict[str, tuple[nn.Module, tuple[int, ...], int]]:
    """Modules, the shape of a row, and passes a round."""

    def gaussian(width: int, units: int, way: str = "difference") -> RBF:
        # Outputs that are neither 0 nor 1 at this width.
        return RBF(width, units, lambda q, d, v: torch.exp(q * (-1 / width)), way)

    def dense(*widths: int) -> list[nn.Module]:
        return [layer for pair in zip(widths, widths[1:]) for layer in (nn.Linear(*pair), nn.Tanh())]

    lenet5 = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        *dense(400, 120, 84), gaussian(84, 10),
    )  # fmt: skip
    return {
        "784 → 256 → 84 → RBF 10": (nn.Sequential(*dense(784, 256, 84), gaussian(84, 10)), (784,), 21),
        "LeNet-5, RBF 10": (lenet5, (1, 28, 28), 21),
        # Differences of 64 rows to 1,000 centers are a gigabyte in ONNX Runtime; the expansion needs none, and is less exact.
        "2048 → … → RBF 1000, expanded": (nn.Sequential(*dense(2048, 4096, 4096, 4096), gaussian(4096, 1000, "expansion")), (2048,), 1),
        "2048 → 4096 → 4096 → 4096 → RBF 1000": (nn.Sequential(*dense(2048, 4096, 4096, 4096), gaussian(4096, 1000)), (2048,), 1),
    }


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def runtime_rates(model: onnxruntime.InferenceSession, shape: tuple[int, ...], passes: int) -> Rates:
    rows = np.random.default_rng(2).uniform(-1, 1, (64, *shape)).astype(np.float32)
    [name] = [value.name for value in model.get_inputs()]
    found: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(passes):
        for batch in BATCHES:
            times, feed = max(1, 256 // batch), {name: rows[:batch]}
            start = time.perf_counter()
            for _ in range(times):
                model.run(None, feed)
            found[batch].append(times * batch / (time.perf_counter() - start))
    return {batch: statistics.median(rates) for batch, rates in found.items()}


def engine_rates(bench: str, path: Path, passes: int) -> Rates:
    lines = subprocess.run([bench, str(passes), path], check=True, capture_output=True, text=True).stdout.splitlines()
    return {int(line.split()[1]): float(line.split()[2]) for line in lines if line.startswith(path.stem + " ")}


def verify(radial: str, path: Path, shape: tuple[int, ...], model: onnxruntime.InferenceSession) -> None:
    rows = np.random.default_rng(3).uniform(-1, 1, (20, *shape)).astype(np.float32)
    np.save(path.parent / "rows.npy", rows)
    np.save(path.parent / "expected.npy", model.run(None, {model.get_inputs()[0].name: rows})[0])
    command = [radial, "check", path, path.parent / "rows.npy", path.parent / "expected.npy", "--of", "outputs"]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)


def main(radial: str, bench: str, folder: Path) -> None:
    rounds = int(os.environ.get("ROUNDS", "5"))
    core = max(os.sched_getaffinity(0))
    print(f"one thread each, on core {core}, ONNX Runtime {onnxruntime.__version__}, PyTorch {torch.__version__}; {rounds} rounds in turns")
    print(f"{'rows/s':40}{'batch':>6}{'engine':>12}{'ONNX Runtime':>14}{'ratio':>8}{'of all rounds':>16}")
    torch.manual_seed(2)
    paths: list[Path] = []
    for number, (name, (module, shape, passes)) in enumerate(networks().items()):
        path = folder / str(number) / "model.onnx"
        path.parent.mkdir(parents=True)
        paths.append(path)
        example = (torch.zeros(2, *shape),)
        torch.onnx.export(module.eval(), example, path, dynamo=True, dynamic_shapes=({0: "batch"},), verbose=False)
        os.sched_setaffinity(0, {core})
        model = session(path)
        verify(radial, path, shape, model)
        turns = [(engine_rates(bench, path, passes), runtime_rates(model, shape, passes)) for _ in range(rounds)]
        for batch in BATCHES:
            ratios = sorted(engine[batch] / runtime[batch] for engine, runtime in turns)
            engine, runtime = (statistics.median(turn[side][batch] for turn in turns) for side in (0, 1))
            spread = f"{ratios[0]:.2f} – {ratios[-1]:.2f}"
            print(f"{name:40}{batch:6}{engine:12.1f}{runtime:14.1f}{statistics.median(ratios):8.2f}{spread:>16}", flush=True)
    size = sum(file.stat().st_size for file in paths[-1].parent.glob("model.onnx*")) / 1e6
    print(f"\n{size:.0f} MB with external data, on one core: medians of {rounds}", flush=True)
    command = [sys.executable, Path(__file__).with_name("load.py"), str(rounds), radial, paths[-1]]
    subprocess.run(list(map(str, command)), check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
