"""The engine beside ONNX Runtime and OpenVINO, in turns, on the networks of networks.py: shares of a core's FMA peak, one thread each.

All compute the same weights, and agree before they are timed. CPU time counts, not what a thread has waited for others on its core.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import networks
import numpy as np
import onnxruntime
import openvino
from graph import Graph
from settings import CORES, Settings, on_core, output
from table import Reference, Row, Target, WrongAnswer

BATCHES = (1, 8, 64, 256)
# Shares of the peak or of the bound, or at least as fast as the faster peer.
TARGETS = {
    ("small", 1): Target(0.32), ("small", 8): Target(0.85), ("small", 64): Target(0.93), ("small", 256): Target(0.93),
    ("large", 1): Target(0.95, "bound"), ("large", 256): Target(0.90, "bound"),
    **{("lenet5", batch): Target(0.60) for batch in (1, 8, 64)},
    **{(name, batch): Target(1, "peer") for name in ("cnn28", "cnn32", "separable32") for batch in (1, 64)},
}  # fmt: skip

Array = np.ndarray[Any, Any]
Peer = Callable[[Array], Array]


def with_onnxruntime(model: bytes) -> Peer:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0]


def with_openvino(model: bytes) -> Peer:
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    requests: dict[int, Any] = {}

    def run(x: Array) -> Array:
        request = requests.setdefault(len(x), compiled.create_infer_request())
        answer: Array = request.infer([x], share_inputs=True)[compiled.output(0)]
        return answer

    return run


PEERS = {"ONNX Runtime": with_onnxruntime, "OpenVINO": with_openvino}


def verify(settings: Settings, path: Path, graph: Graph, peers: dict[str, Peer], rows: Array, images: Array) -> None:
    """Radial's own comparison with ONNX Runtime's answers, and OpenVINO's with them."""
    expected, *others = (peer(images) for peer in peers.values())
    if not all(np.allclose(other, expected, rtol=1e-4, atol=0) for other in others):
        raise WrongAnswer(f"{path.stem}: {' and '.join(peers)} differ")
    files = [settings.folder / name for name in ("rows.npy", "expected.npy")]
    np.save(files[0], rows)
    np.save(files[1], expected)
    # The expansion of a distance has its digits less.
    command = [settings.radial, "check", str(path), *map(str, files), "--of", "outputs", "--tolerance", "1e-4"]
    try:
        output(command)
    except RuntimeError as error:
        raise WrongAnswer(f"{path.stem}: the engine and ONNX Runtime differ: {error}") from error


def rate(run: Peer, rows: Array, passes: int) -> float:
    """Rows a second of the process' CPU time: the median of passes of about ten milliseconds."""
    start = time.process_time()
    run(rows)
    inner = max(1, int(0.01 / (time.process_time() - start + 1e-9)))
    rates = []
    for _ in range(passes):
        start = time.process_time()
        for _ in range(inner):
            run(rows)
        rates.append(inner * len(rows) / (time.process_time() - start))
    return statistics.median(rates)


def engine(settings: Settings, path: Path, passes: int) -> dict[int, list[float]]:
    """Of each batch: rows a second, the share of the peak, and with more than a row how much faster two threads are."""
    lines = [line.split() for line in output([settings.radial_bench, str(passes), str(path)]).splitlines()]
    return {int(line[1]): [float(line[2]), *map(float, line[4:])] for line in lines if line and line[0] == path.stem}


def reading(settings: Settings, size: int, threads: int) -> float:
    """Bytes a second that cores read of a block of that size, again and again."""
    return float(output([settings.program("memory"), str(size), str(threads)])) * 1e9


def measure(settings: Settings, name: str) -> Iterator[Row]:
    path = settings.folder / f"{name}.safetensors"
    networks.write(settings.folder, [name])
    graph = Graph(path)
    rows = np.random.default_rng(2).uniform(-1, 1, (max(BATCHES), *networks.NETWORKS[name]().input_shape)).astype(np.float32)
    images = np.ascontiguousarray(rows.transpose(0, 3, 1, 2)) if rows.ndim == 4 else rows
    passes = 2 if settings.is_quick else 9
    with on_core(CORES[0]):
        peers = {peer: make(graph.serialized()) for peer, make in PEERS.items()}
        verify(settings, path, graph, peers, rows[:20], images[:20])
        for run in peers.values():
            for batch in BATCHES:
                # OpenVINO compiles for each batch.
                run(images[:batch])
    shares: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    rates: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    others: dict[int, dict[str, list[float]]] = {batch: {peer: [] for peer in peers} for batch in BATCHES}
    two: list[float] = []
    threads = 2 if name == "large" and len(CORES) > 1 else 1
    read = 0.0
    for _ in range(settings.repeats):
        own = engine(settings, path, passes)
        two += own[max(BATCHES)][2:]
        read = max(read, reading(settings, graph.weight_bytes, threads))
        with on_core(CORES[0]):
            for batch in BATCHES:
                rates[batch].append(own[batch][0])
                shares[batch].append(own[batch][1])
                for peer, run in peers.items():
                    # As a share of the same peak.
                    others[batch][peer].append(rate(run, images[:batch], passes) * own[batch][1] / own[batch][0])
    for batch in BATCHES:
        # Ports: a subtraction beside each product of a distance. One row reads all weights, from the caches or from memory.
        bound = Reference("FMA and sub", graph.products / (graph.products + graph.differences))
        if batch == 1:
            needed = read / graph.weight_bytes * statistics.median(shares[1]) / statistics.median(rates[1])
            where = f"weights, {threads} core{'s' * (threads > 1)}"
            bound = min(bound, Reference(where, needed), key=lambda reference: reference.value)
        best = max((Reference(peer, statistics.median(values)) for peer, values in others[batch].items()), key=lambda peer: peer.value)
        title = f"{name}, {batch} row{'s' * (batch > 1)}"
        detail = f"{statistics.median(rates[batch]):,.0f} rows/s"
        yield Row("engine", title, "of peak", shares[batch], bound, best, TARGETS.get((name, batch)), detail)
    if name == "large":
        title = f"{name}, {max(BATCHES)} rows, two threads"
        if len(CORES) < 2:
            yield Row("engine", title, "x one", unmeasured="it needs two cores, this machine has one")
        else:
            yield Row("engine", title, "x one", two, Reference("two cores", 2), None, Target(1.9))


def rows(settings: Settings, names: list[str]) -> Iterator[Row]:
    for name in names or networks.NETWORKS:
        yield from measure(settings, name)
