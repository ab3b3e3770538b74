"""The rows of scripts that have tables of their own: numbers.sh and latency.sh."""

from __future__ import annotations

import os
import re
import statistics
from typing import Iterator

from settings import CORES, Settings, output
from table import Reference, Row, Target

# Gigabytes or millions of numbers a second read, nanoseconds a number written.
NUMBERS = {
    "six digits": ("GB/s", r"([\d.]+) GB/s", Target(1.5)),
    "image, 0 to 255": ("M/s", r"(\d+) M numbers/s", Target(200)),
    "0 to 255 at random": ("M/s", r"(\d+) M numbers/s", Target(200)),
    "nine digits": ("GB/s", r"([\d.]+) GB/s", None),
    "from 0 to 1": ("ns", r"([\d.]+) ns a number", Target(12)),
    "squared distances": ("ns", r"([\d.]+) ns a number", Target(12)),
    "scores": ("ns", r"([\d.]+) ns a number", Target(12)),
}


def numbers(settings: Settings) -> Iterator[Row]:
    texts = [output(["scripts/bench/numbers.sh", "300" if settings.is_quick else "2000"]) for _ in range(settings.repeats)]
    for name, (unit, pattern, target) in NUMBERS.items():
        lines = [line for text in texts for line in text.splitlines() if re.match(rf"{name}\s+\d+ bytes", line)]
        values = [float(found[1]) for line in lines if (found := re.search(pattern, line))]
        what = "written" if unit == "ns" else "read"
        bound = None
        if what == "read":
            # simdjson's index of the text alone.
            times = [float(found[1]) / float(found[2]) for line in lines if (found := re.search(r"([\d.]+) us .* ([\d.]+) us of it", line))]
            bound = Reference("index alone", statistics.median(times) * statistics.median(values))
        yield Row("numbers", f"numbers {what}: {name}", unit, values, bound, None, target)


def latencies(settings: Settings) -> Iterator[Row]:
    titles = {"predict-1-784": "p99 at half the peak, 784 floats", "image-1-784": "p99 at half the peak, an image"}
    if len(CORES) < 2:
        for title in titles.values():
            yield Row("latency", title, "us", unmeasured="the server and the load need a core each, this machine has one")
        return
    os.environ.update(SHARES="50", REPEATS=str(settings.repeats), SECONDS_EACH=str(settings.seconds))
    lines = [line.split() for line in output(["scripts/bench/latency.sh"]).splitlines()]
    for case, title in titles.items():
        start = next(index for index, line in enumerate(lines) if line[:1] == [case + ":"])
        own, floor = lines[start + 1], lines[start + 2]
        detail = f"{own[2]} requests/s, p50 {own[3]}, p99.9 {own[5]}; floor {floor[2]}"
        yield Row("latency", title, "us", [float(value) for value in own[6:]], Reference("floor", float(floor[4])), None, Target(3, "bound"), detail)
