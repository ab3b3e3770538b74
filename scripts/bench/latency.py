"""Radial's latency by the clock, beside the floor's: each at half of its own peak rate, one server thread and the load on a core each."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Iterator

import bodies
from graph import Graph
from servers import Server, radial
from serving import Case, Load, Loaded, checked, floor_of, loaded
from settings import CORES, Settings
from table import Reference, Row, Target

SHARE = 0.5
CASES = [
    Case(f"p99 at half the peak, {what}", body, ":predict", Target(3, "bound"))
    for what, body in (("784 floats", "predict-1-784"), ("an image", "image-1-784"))
]


def measure(settings: Settings, case: Case, model: Path, server: Server, graph: Graph) -> Row:
    path, size, _ = checked(settings, case, model, server, graph, None)
    with floor_of(settings, case, size) as bare:
        loads: list[Load] = [(server, path, CORES[1]), bare]

        def turns(rates: list[float]) -> list[list[Loaded]]:
            runs = [[loaded(settings, load, case, settings.seconds, rate) for load, rate in zip(loads, rates)] for _ in range(settings.repeats)]
            return [list(of_one) for of_one in zip(*runs)]

        rates = [SHARE * statistics.median(run.rate for run in of_one) for of_one in turns([0, 0])]
        own, floors = turns(rates)
    p50, p999 = (statistics.median(values) for values in ([run.median for run in own], [run.p999 for run in own]))
    detail = f"{rates[0]:,.0f} requests/s, p50 {p50:,.0f}, p99.9 {p999:,.0f}; floor {rates[1]:,.0f}"
    bound = Reference("floor", statistics.median(run.p99 for run in floors))
    return Row("latency", case.title, "us", [run.p99 for run in own], bound, None, case.target, detail)


def rows(settings: Settings) -> Iterator[Row]:
    bodies.write_all(settings.folder)
    model = Path("weights/digits.safetensors")
    with radial(settings, model, 1, CORES[:1]) as server:
        for case in CASES:
            yield measure(settings, case, model, server, Graph(model))
