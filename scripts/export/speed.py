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
import one_thread
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


def runtime_rates(bound: dict[int, one_thread.Bound], passes: int) -> Rates:
    found: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(passes):
        for batch in BATCHES:
            times = max(1, 256 // batch)
            start = time.process_time()
            for _ in range(times):
                bound[batch].run()
            found[batch].append(times * batch / (time.process_time() - start))
    return {batch: statistics.median(rates) for batch, rates in found.items()}


def engine_rates(bench: str, path: Path, passes: int) -> Rates:
    printed = subprocess.run([bench, str(passes), path], check=True, capture_output=True, text=True).stdout
    return {batch: figures[0] for batch, figures in one_thread.engine(printed, path).items()}


def verify(radial: str, path: Path, bound: dict[int, one_thread.Bound]) -> None:
    """All rows, the engine's answers and those of each batch."""
    most = bound[max(BATCHES)]
    for batch in BATCHES:
        np.testing.assert_allclose(bound[batch].answers, most.answers[:batch], rtol=1e-4, err_msg=f"{path}, {batch} rows")
    np.save(path.parent / "rows.npy", most.rows)
    np.save(path.parent / "expected.npy", most.answers)
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
        model = one_thread.session(path)
        rows = np.random.default_rng(2).uniform(-1, 1, (max(BATCHES), *shape)).astype(np.float32)
        bound = {batch: one_thread.bound(model, rows[:batch]) for batch in BATCHES}
        verify(radial, path, bound)
        turns = [(engine_rates(bench, path, passes), runtime_rates(bound, passes)) for _ in range(rounds)]
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
