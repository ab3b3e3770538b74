"""The engine beside ONNX Runtime and OpenVINO, in turns, on the networks of networks.py: shares of a core's FMA peak, one thread each.

All compute the same weights on the same core, and agree before they are timed. CPU time counts, not what a thread has waited for others on
its core. The peers are called from Python, a call a batch, with rows and answers bound to memory once.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Callable, Iterator

import networks
import numpy as np
import one_thread
import openvino
from graph import Graph
from one_thread import Array, Bound
from settings import CORES, Settings, on_core, output, pinned
from table import Reference, Row, Target, WrongAnswer

BATCHES = (1, 8, 64, 256)
# Shares of the peak or of the bound, or at least as fast as the faster peer.
TARGETS = {
    ("small", 1): Target(0.32), ("small", 8): Target(0.85), ("small", 64): Target(0.93), ("small", 256): Target(0.93),
    ("large", 1): Target(0.95, "bound"), ("large", 256): Target(0.90, "bound"),
    **{("lenet5", batch): Target(0.60) for batch in (1, 8, 64)},
    **{(name, batch): Target(1, "peer") for name in ("cnn28", "cnn32", "separable32") for batch in (1, 64)},
}  # fmt: skip

Peer = Callable[[Array], Bound]


def with_onnxruntime(model: bytes) -> Peer:
    session = one_thread.session(model)
    return lambda rows: one_thread.bound(session, rows)


def with_openvino(model: bytes) -> Peer:
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    width = compiled.output(0).partial_shape[-1].get_length()

    def bind(rows: Array) -> Bound:
        request, answers = compiled.create_infer_request(), np.zeros((len(rows), width), np.float32)
        request.set_input_tensor(openvino.Tensor(rows, shared_memory=True))
        request.set_output_tensor(openvino.Tensor(answers, shared_memory=True))
        return Bound(lambda: request.infer(share_outputs=True), rows, answers)

    return bind


PEERS = {"ONNX Runtime": with_onnxruntime, "OpenVINO": with_openvino}


def verify(settings: Settings, path: Path, peers: dict[str, dict[int, Bound]], rows: Array) -> None:
    """All rows: each peer's answers in each batch, and the engine's by Radial's own comparison. radial-bench holds its batches to one another."""
    first = next(iter(peers))
    expected = peers[first][len(rows)].answers
    for peer, batches in peers.items():
        for batch, bound in batches.items():
            bound.run()
            if not np.allclose(bound.answers, expected[:batch], rtol=1e-4, atol=0):
                raise WrongAnswer(f"{path.stem}, {batch} rows: {peer} differs from {first} with {len(rows)} rows")
    files = [settings.folder / name for name in ("rows.npy", "expected.npy")]
    np.save(files[0], rows)
    np.save(files[1], expected)
    # The expansion of a distance has its digits less.
    command = [settings.radial, "check", str(path), *map(str, files), "--of", "outputs", "--tolerance", "1e-4"]
    try:
        output(command)
    except RuntimeError as error:
        raise WrongAnswer(f"{path.stem}: the engine and {first} differ: {error}") from error


def rate(bound: Bound, passes: int) -> float:
    """Rows a second of the process' CPU time: the median of passes of about ten milliseconds."""
    start = time.process_time()
    bound.run()
    inner = max(1, int(0.01 / (time.process_time() - start + 1e-9)))
    rates = []
    for _ in range(passes):
        start = time.process_time()
        for _ in range(inner):
            bound.run()
        rates.append(inner * len(bound.rows) / (time.process_time() - start))
    return statistics.median(rates)


def reading(settings: Settings, size: int) -> float:
    """Bytes a second that the core reads of a block of that size, again and again."""
    return float(output([*pinned(CORES[:1]), settings.program("memory"), str(size)])) * 1e9


def measure(settings: Settings, name: str) -> Iterator[Row]:
    path = settings.folder / f"{name}.safetensors"
    networks.write(settings.folder, [name])
    graph = Graph(path)
    rows = np.random.default_rng(2).uniform(-1, 1, (max(BATCHES), *networks.NETWORKS[name]().input_shape)).astype(np.float32)
    images = np.ascontiguousarray(rows.transpose(0, 3, 1, 2)) if rows.ndim == 4 else rows
    passes = 2 if settings.is_quick else 9
    with on_core(CORES[0]):
        peers: dict[str, dict[int, Bound]] = {}
        for peer, make in PEERS.items():
            bind = make(graph.serialized())
            # The largest first, for the others are held to it.
            peers[peer] = {batch: bind(images[:batch]) for batch in reversed(BATCHES)}
        verify(settings, path, peers, rows)
    shares: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    rates: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    others: dict[int, dict[str, list[float]]] = {batch: {peer: [] for peer in peers} for batch in BATCHES}
    read = 0.0
    for _ in range(settings.repeats):
        own = one_thread.engine(output([*pinned(CORES[:1]), settings.radial_bench, str(passes), str(path)]), path)
        read = max(read, reading(settings, graph.weight_bytes))
        with on_core(CORES[0]):
            for batch in BATCHES:
                own_rate, _, share = own[batch]
                rates[batch].append(own_rate)
                shares[batch].append(share)
                for peer, batches in peers.items():
                    # As a share of the same peak.
                    others[batch][peer].append(rate(batches[batch], passes) * share / own_rate)
    for batch in BATCHES:
        # Ports: a subtraction beside each product of a distance. One row reads all weights, from the caches or from memory.
        bound = Reference("FMA and sub", graph.products / (graph.products + graph.differences))
        if batch == 1:
            needed = read / graph.weight_bytes * statistics.median(shares[1]) / statistics.median(rates[1])
            bound = min(bound, Reference("reading weights", needed), key=lambda reference: reference.value)
        best = max((Reference(peer, statistics.median(values)) for peer, values in others[batch].items()), key=lambda peer: peer.value)
        title = f"{name}, {batch} row{'s' * (batch > 1)}"
        detail = f"{statistics.median(rates[batch]):,.0f} rows/s"
        yield Row("engine", title, "of peak", shares[batch], bound, best, TARGETS.get((name, batch)), detail)
    if name == "large":
        yield two_threads(settings, name, path, passes)


def two_threads(settings: Settings, name: str, path: Path, passes: int) -> Row:
    """How many times as fast the halves of a batch are on two threads, wherever the kernel puts these, as the whole is on one."""
    title = f"{name}, {max(BATCHES)} rows, two threads"
    if len(CORES) < 2:
        return Row("engine", title, "x one", unmeasured="it needs two cores, this machine has one")
    command = [settings.radial_bench, "--two-threads", str(passes), str(path)]
    times = [one_thread.engine(output(command), path)[max(BATCHES)][0] for _ in range(settings.repeats)]
    return Row("engine", title, "x one", times, Reference("two cores", 2), None, Target(1.9))


def rows(settings: Settings, names: list[str]) -> Iterator[Row]:
    for name in names or networks.NETWORKS:
        yield from measure(settings, name)
