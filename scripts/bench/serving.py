"""Radial over HTTP beside the floor, a bare libmicrohttpd that reads as many bytes and sends as many, and beside Granian with ONNX Runtime.

Radial has one thread on a core of its own, and so has the floor; the load is on another core. Granian has two workers on all cores, the
load's too. The load is a closed loop of openloop.c.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import resource
import statistics
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import bodies
import networks
import numpy as np
import one_thread
from graph import Graph
from servers import Server, floor, granian, radial
from settings import CORES, Settings, output, pinned
from table import Reference, Row, Target, WrongAnswer

# What the floor's own header section takes, but for the digits of Content-Length.
FLOOR_HEADER = 106


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


def exchange(settings: Settings, server: Server, case: Case, path: str) -> tuple[int, dict[str, str], bytes]:
    """Bytes of the answer with its header section, its headers by lower-case name, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    with contextlib.closing(connection):
        connection.request("POST", path, (settings.folder / f"{case.body}.body").read_bytes(), header(settings, case))
        answer = connection.getresponse()
        content, headers = answer.read(), answer.headers
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {content[:500]!r}")
    size = sum(len(f"{name}: {value}\r\n") for name, value in headers.items()) + len("HTTP/1.1 200 OK\r\n\r\n") + len(content)
    return size, {name.lower(): value for name, value in headers.items()}, content


def post(settings: Settings, server: Server, case: Case, path: str) -> tuple[int, np.ndarray]:
    """Bytes of the answer with its header section, and the scores in it."""
    size, headers, content = exchange(settings, server, case, path)
    length = int(headers.get("inference-header-content-length", len(content)))
    try:
        document = json.loads(content[:length])
        if case.path == "infer":
            first = document["outputs"][0]
            numbers = np.frombuffer(content, "<f4", int(np.prod(first["shape"])), length) if length < len(content) else first["data"]
            return size, np.array(numbers, np.float32).reshape(first["shape"])
        return size, np.array([row["scores"] if isinstance(row, dict) else row for row in document["predictions"]], np.float32)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WrongAnswer(f"{case.title}: expected scores, found {content[:200]!r} ({error!r})") from error


def header(settings: Settings, case: Case) -> dict[str, str]:
    """The one that the body needs, if any."""
    name, _, value = (settings.folder / f"{case.body}.header").read_text().partition(": ")
    return {name: value} if name else {}


def instances(settings: Settings, case: Case) -> Any:
    """The rows of the body, as JSON has them."""
    of_json = re.sub("^(json|binary)", "predict", case.body)
    return json.loads((settings.folder / f"{of_json}.body").read_bytes())["instances"]


@dataclass(frozen=True)
class Loaded:
    """What a run of openloop.c says: requests a second, and microseconds of a request."""

    rate: float
    median: float
    p99: float
    p999: float


def loaded(settings: Settings, load: Load, case: Case, seconds: float, rate: float = 0) -> Loaded:
    """So many requests a second; 0: as many as are answered."""
    server, path, core = load
    command = [settings.program("openloop"), str(server.port), str(case.connections), str(rate), str(seconds)]
    command += [str(settings.folder / f"{case.body}.body"), path, *(f"{name}: {value}" for name, value in header(settings, case).items())]
    printed = output(pinned(None if core is None else [core]) + command).split()
    if len(printed) != 6:
        raise RuntimeError(f"openloop: expected six figures, found {printed}")
    return Loaded(*map(float, printed[1:5]))


@contextlib.contextmanager
def floor_of(settings: Settings, case: Case, size: int) -> Iterator[Load]:
    """A floor whose answers, header sections and all, are of that size, and the load on the second core."""
    rest = size - FLOOR_HEADER
    with floor(settings, rest - len(str(rest - len(str(rest))))) as bare:
        found, _, _ = exchange(settings, bare, case, "/")
        # Where Content-Length has a digit more one size is left out.
        if abs(found - size) > 1:
            raise RuntimeError(f"the floor answers {found} bytes, expected {size}: mend FLOOR_HEADER, {FLOOR_HEADER}")
        yield bare, "/", CORES[1]


def engine_microseconds(server: Server) -> tuple[float, float]:
    """The engine's time so far, and its rows."""
    with urllib.request.urlopen(server.url("/metrics"), timeout=30) as answer:
        text = answer.read().decode()
    sums = {name: float(value) for name, value in re.findall(r"^(radial_\w+_sum)\S* (\S+)$", text, re.MULTILINE)}
    names = "radial_forward_duration_seconds_sum", "radial_batch_rows_sum"
    if missing := [name for name in names if name not in sums]:
        raise RuntimeError(f"/metrics: expected {' and '.join(missing)}, found none")
    return sums[names[0]] * 1e6, sums[names[1]]


def verify(case: Case, expected: np.ndarray, scores: np.ndarray, who: str) -> None:
    """Scores are exponentials: an error of a distance of 300 in its seventh digit is one of 0.01 % here."""
    if scores.shape != expected.shape or not np.allclose(scores, expected, rtol=1e-3, atol=0):
        raise WrongAnswer(f"{case.title}: {who} answers {scores.ravel()[:3]}, expected {expected.ravel()[:3]} of ONNX Runtime")


def measure(settings: Settings, case: Case, model: Path, server: Server, graph: Graph, peer: Server | None) -> Row:
    """A request's time, one server thread on the first core and the load on the second."""
    path, size, rows = checked(settings, case, model, server, graph, peer)
    with floor_of(settings, case, size) as bare:
        loads: list[Load] = [bare, (server, path, CORES[1])]
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
    bound = Reference("engine / 2", (after[0] - before[0]) / (after[1] - before[1]) * rows / 2e3)
    detail = f"{1e3 / statistics.median(own):.1f} requests/s; Granian {1e3 / statistics.median(peers):.1f}"
    return Row("http", LARGE.title, "ms", own, bound, Reference("Granian", statistics.median(peers)), LARGE.target, detail)


def measure_two(settings: Settings) -> Row:
    """How much faster two server threads are than one, with the load on a third core.

    Where there is none, what the load took of the two is counted out: it was not the server's to use.
    """
    third = CORES[2] if len(CORES) > 2 else None
    model = Path("weights/digits.safetensors")
    graph = Graph(model)
    with radial(settings, model, 1, CORES[:1]) as one, radial(settings, model, 2, CORES[:2]) as two:
        for server in (one, two):
            path, _, _ = checked(settings, TWO, model, server, graph, None)
        ratios, shares = [], []
        for _ in range(settings.repeats):
            alone = loaded(settings, (one, path, CORES[1] if third is None else third), TWO, settings.seconds).rate
            used, started = load_seconds(), time.monotonic()
            both = loaded(settings, (two, path, third), TWO, settings.seconds).rate
            shares.append((load_seconds() - used) / (time.monotonic() - started) if third is None else 0.0)
            ratios.append(both / alone * 2 / (2 - shares[-1]))
    detail = f"the load took {statistics.median(shares):.2f} of the two cores" if third is None else ""
    return Row("http", TWO.title, "x one", ratios, Reference("two cores", 2), None, TWO.target, detail)


def load_seconds() -> float:
    """Processor time of the loads that have ended; servers have not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
        for found, load in zip(times, loads):
            found.append(1e6 / loaded(settings, load, case, seconds).rate)
    return times


def rows(settings: Settings) -> Iterator[Row]:
    bodies.write_all(settings.folder)
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
