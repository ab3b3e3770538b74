"""Radial over HTTP beside the floor, a bare libmicrohttpd that reads as many bytes and sends as many, and beside Granian with ONNX Runtime.

Radial has one thread on a core of its own, and so has the floor; the load is on another core. Granian has two workers on all cores, the
load's too. The load is a closed loop of openloop.c.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import statistics
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import networks
import numpy as np
import one_thread
from graph import Graph
from servers import Server, floor, granian, radial
from settings import CORES, Settings, output, pinned
from table import Reference, Row, Target, WrongAnswer

# What the floor's own header section takes.
FLOOR_HEADER = 109


@dataclass(frozen=True)
class Case:
    """A body of bodies.py sent to a path; a target is a share of the floor's time and the engine's, or of the floor's alone."""

    title: str
    body: str
    path: str
    target: Target | None = None
    is_of_floor_alone: bool = False
    has_peer: bool = False
    # Beside Radial's own time of the case of that title.
    beside: str | None = None
    connections: int = 64


# Of the floor alone: 0.62 and 0.80 of its rate, as times.
DIGITS = [
    Case("784 floats, JSON, :predict", "predict-1-784", ":predict", Target(1.35, "bound"), has_peer=True),
    Case("an image, JSON, :predict", "image-1-784", ":predict", Target(1.25, "bound"), has_peer=True),
    Case("784 floats, JSON, /predict", "predict-1-784", "/predict"),
    Case("784 floats, JSON, infer", "json-1-784", "infer", Target(0.97, "peer"), beside="784 floats, JSON, :predict"),
    Case("784 floats, binary, infer", "binary-1-784", "infer", Target(1.61, "bound"), is_of_floor_alone=True),
    Case("64 x 784, JSON, :predict", "predict-64-784", ":predict", Target(1.75, "bound"), has_peer=True, connections=16),
    Case("64 x 784, JSON, /predict", "predict-64-784", "/predict", Target(1.75, "bound"), connections=16),
    Case("64 x 784, binary, infer", "binary-64-784", "infer", Target(1.25, "bound"), connections=16),
]
EXAMPLE = [Case("100 floats, JSON, /predict", "predict-1-100", "/predict", Target(1.25, "bound"), is_of_floor_alone=True)]
LARGE = Case("64 x 2048, large, two threads", "predict-64-2048", ":predict", Target(1.25, "peer"), has_peer=True, connections=8)
TWO = Case("64 x 784, JSON, two threads", "predict-64-784", ":predict", Target(1.8), connections=16)


# A server, the path, and the core of the load; None: any.
Load = tuple[Server, str, int | None]


def address(case: Case, model: str) -> str:
    return {":predict": f"/v1/models/{model}:predict", "infer": f"/v2/models/{model}/infer"}.get(case.path, case.path)


def post(settings: Settings, server: Server, case: Case, path: str) -> tuple[int, np.ndarray]:
    """Bytes of the answer with its header section, and the scores in it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    with contextlib.closing(connection):
        connection.request("POST", path, (settings.folder / f"{case.body}.body").read_bytes(), header(settings, case))
        answer = connection.getresponse()
        content, headers = answer.read(), answer.headers
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {content[:500]!r}")
    size = sum(len(f"{name}: {value}\r\n") for name, value in headers.items()) + len("HTTP/1.1 200 OK\r\n\r\n") + len(content)
    length = int(headers.get("Inference-Header-Content-Length", len(content)))
    document = json.loads(content[:length])
    if length < len(content):
        first = document["outputs"][0]
        numbers = np.frombuffer(content, "<f4", int(np.prod(first["shape"])), offset=length)
        return size, numbers.reshape(first["shape"])
    if case.path == "infer":
        first = document["outputs"][0]
        return size, np.array(first["data"], np.float32).reshape(first["shape"])
    rows = document["predictions"]
    return size, np.array([row["scores"] if isinstance(row, dict) else row for row in rows], np.float32)


def header(settings: Settings, case: Case) -> dict[str, str]:
    """The one that the body needs, if any."""
    name, value = (settings.folder / f"{case.body}.header").read_text().split(":")
    return {name: value.strip()} if value else {}


def instances(settings: Settings, case: Case) -> Any:
    """The rows of the body, as JSON has them."""
    of_json = re.sub("^(json|binary)", "predict", case.body)
    return json.loads((settings.folder / f"{of_json}.body").read_bytes())["instances"]


def requests_per_second(settings: Settings, server: Server, case: Case, path: str, core: int | None, seconds: float) -> float:
    command = [settings.program("openloop"), str(server.port), str(case.connections), "0", str(seconds)]
    command += [str(settings.folder / f"{case.body}.body"), path, *(f"{name}: {value}" for name, value in header(settings, case).items())]
    return float(output(pinned(None if core is None else [core]) + command).split()[1])


def engine_microseconds(server: Server) -> tuple[float, float]:
    """The engine's time so far, and its rows."""
    with urllib.request.urlopen(server.url("/metrics"), timeout=30) as answer:
        text = answer.read().decode()
    sums = {name: float(value) for name, value in re.findall(r"^(radial_\w+_sum)\S* (\S+)$", text, re.MULTILINE)}
    return sums["radial_forward_duration_seconds_sum"] * 1e6, sums["radial_batch_rows_sum"]


def verify(case: Case, expected: np.ndarray, scores: np.ndarray, who: str) -> None:
    """Scores are exponentials: an error of a distance of 300 in its seventh digit is one of 0.01 % here."""
    if scores.shape != expected.shape or not np.allclose(scores, expected, rtol=1e-3, atol=0):
        raise WrongAnswer(f"{case.title}: {who} answers {scores.ravel()[:3]}, expected {expected.ravel()[:3]} of ONNX Runtime")


def measure(settings: Settings, case: Case, model: Path, server: Server, graph: Graph, peer: Server | None) -> Row:
    """A request's time, one server thread on the first core and the load on the second."""
    path, size, rows = checked(settings, case, model, server, graph, peer)
    with floor(settings, size - FLOOR_HEADER) as bare:
        loads: list[Load] = [(bare, "/", CORES[1]), (server, path, CORES[1])]
        loads += [(peer, "/", None)] if peer else []
        before = engine_microseconds(server)
        floors, own, *peers = in_turns(settings, case, loads, settings.seconds)
        after = engine_microseconds(server)
    engine = (after[0] - before[0]) / (after[1] - before[1]) * rows
    middle = statistics.median(floors)
    bound = Reference("floor", middle) if case.is_of_floor_alone else Reference("floor + engine", middle + engine)
    best = Reference("Granian", statistics.median(peers[0])) if peers else None
    detail = f"{1e6 / statistics.median(own):,.0f} requests/s; floor {middle:.1f}, engine {engine:.1f}"
    return Row("http", case.title, "us", own, bound, best, case.target, detail)


def measure_large(settings: Settings) -> Row:
    """Two threads or workers, and the load where there is room."""
    model = settings.folder / "large.safetensors"
    if not model.exists():
        networks.write(settings.folder, ["large"])
    graph = Graph(model)
    with radial(settings, model, 2, None) as server, granian(settings, graph.serialized()) as peer:
        path, _, rows = checked(settings, LARGE, model, server, graph, peer)
        before = engine_microseconds(server)
        # A request takes a tenth of a second and more.
        own, peers = in_turns(settings, LARGE, [(server, path, None), (peer, "/", None)], max(settings.seconds, 2))
        after = engine_microseconds(server)
    own, peers = ([value / 1e3 for value in values] for values in (own, peers))
    # Where nothing but the engine ran.
    bound = Reference("engine, two cores", (after[0] - before[0]) / (after[1] - before[1]) * rows / 2e3)
    detail = f"{1e3 / statistics.median(own):.1f} requests/s; Granian {1e3 / statistics.median(peers):.1f}"
    return Row("http", LARGE.title, "ms", own, bound, Reference("Granian", statistics.median(peers)), LARGE.target, detail)


def measure_two(settings: Settings) -> Row:
    """How much faster two server threads are than one, each on a core, with the load on a third."""
    if len(CORES) < 3:
        return Row("http", TWO.title, "x one", unmeasured=f"two threads and the load need a core each, this machine has {len(CORES)}")
    model = Path("weights/digits.safetensors")
    graph = Graph(model)
    with radial(settings, model, 1, CORES[:1]) as one, radial(settings, model, 2, CORES[:2]) as two:
        for server in (one, two):
            path, _, _ = checked(settings, TWO, model, server, graph, None)
        first, second = in_turns(settings, TWO, [(one, path, CORES[2]), (two, path, CORES[2])], settings.seconds)
    return Row("http", TWO.title, "x one", [a / b for a, b in zip(first, second)], Reference("two cores", 2), None, TWO.target)


def checked(settings: Settings, case: Case, model: Path, server: Server, graph: Graph, peer: Server | None) -> tuple[str, int, int]:
    """The path, once all answer it as ONNX Runtime does; the bytes of the answer, and the rows."""
    path = address(case, model.stem)
    expected = one_thread.session(graph.serialized()).run(None, {"x": np.array(instances(settings, case), np.float32)})[0]
    size, scores = post(settings, server, case, path)
    verify(case, expected, scores, "Radial")
    if peer:
        verify(case, expected, post(settings, peer, case, "/")[1], "Granian")
    return path, size, len(expected)


def in_turns(settings: Settings, case: Case, loads: list[Load], seconds: float) -> list[list[float]]:
    """Microseconds a request of each server at its path, with the load on a core, in so many runs."""
    times: list[list[float]] = [[] for _ in loads]
    for _ in range(settings.repeats):
        for found, (server, path, core) in zip(times, loads):
            found.append(1e6 / requests_per_second(settings, server, case, path, core, seconds))
    return times


def rows(settings: Settings) -> Iterator[Row]:
    if len(CORES) < 2:
        for case in [*DIGITS, *EXAMPLE, LARGE, TWO]:
            yield Row("http", case.title, "us", unmeasured="the server and the load need a core each, this machine has one")
        return
    output([sys.executable, str(Path(__file__).with_name("bodies.py")), str(settings.folder)])
    digits, example = Path("weights/digits.safetensors"), Path("weights/example.safetensors")
    graph, found = Graph(digits), dict[str, Row]()
    with radial(settings, digits, 1, CORES[:1]) as server, granian(settings, graph.serialized()) as peer:
        for case in DIGITS:
            row = measure(settings, case, digits, server, graph, peer if case.has_peer else None)
            if case.beside:
                row.peer = Reference(case.beside.split()[-1], found[case.beside].median)
            found[case.title] = row
            yield row
    with radial(settings, example, 1, CORES[:1]) as server:
        for case in EXAMPLE:
            yield measure(settings, case, example, server, Graph(example), None)
    yield measure_two(settings)
    yield measure_large(settings)
