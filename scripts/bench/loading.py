"""How long it takes to load the large network, 117 MB of safetensors that the kernel has in its cache: read, checked, hashed, packed."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Iterator

import networks
import onnxruntime
from graph import Graph
from servers import radial
from settings import CORES, Settings, output
from table import Reference, Row, Target


def milliseconds_of_reading(path: Path) -> float:
    """Into memory that is there already."""
    buffer, start = bytearray(1 << 20), time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return (time.perf_counter() - start) * 1e3


def milliseconds_of_a_session(model: Path) -> float:
    start = time.perf_counter()
    onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return (time.perf_counter() - start) * 1e3


def milliseconds_of_inspecting(settings: Settings, path: Path) -> float:
    start = time.perf_counter()
    output([settings.radial, "inspect", str(path)])
    return (time.perf_counter() - start) * 1e3


def milliseconds_until_ready(settings: Settings, path: Path) -> float:
    start = time.perf_counter()
    with radial(settings, path, len(CORES), None):
        return (time.perf_counter() - start) * 1e3


def rows(settings: Settings) -> Iterator[Row]:
    path = settings.folder / "large.safetensors"
    if not path.exists():
        networks.write(settings.folder, ["large"])
    model = settings.folder / "large.onnx"
    model.write_bytes(Graph(path).serialized())
    read, first, inspected, ready, peer = list[float](), list[float](), list[float](), list[float](), list[float]()
    for _ in range(settings.repeats):
        peer.append(milliseconds_of_a_session(model))
        read.append(milliseconds_of_reading(path))
        # A session leaves memory in small pieces. Whoever asks for huge pages next waits until the kernel has made them of these.
        first.append(milliseconds_of_inspecting(settings, path))
        inspected.append(milliseconds_of_inspecting(settings, path))
        ready.append(milliseconds_until_ready(settings, path))
    model.unlink()
    bound = Reference("reading", statistics.median(read))
    detail = f"{statistics.median(first):,.0f} ms where memory is in pieces"
    session = Reference("ONNX Runtime", statistics.median(peer))
    yield Row("load", "117 MB, radial inspect", "ms", inspected, bound, session, Target(300), detail)
    yield Row("load", "117 MB, until the server is ready", "ms", ready, bound, session, Target(450))
