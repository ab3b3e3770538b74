"""The rows of numbers.sh, which has a table of its own."""

from __future__ import annotations

import re
import statistics
from typing import Iterator

from settings import Settings, output
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


def rows(settings: Settings) -> Iterator[Row]:
    texts = [output(["scripts/bench/numbers.sh", "300" if settings.is_quick else "2000"]) for _ in range(settings.repeats)]
    for name, (unit, pattern, target) in NUMBERS.items():
        lines = [line for text in texts for line in text.splitlines() if re.match(rf"{name}\s+\d+ bytes", line)]
        values = [float(found[1]) for line in lines if (found := re.search(pattern, line))]
        if len(values) != len(texts):
            raise RuntimeError(f"scripts/bench/numbers.sh: expected a line of '{name}' in {unit}, found {texts[-1][-1000:]}")
        what = "written" if unit == "ns" else "read"
        bound = None
        if what == "read":
            # simdjson's index of the text alone.
            times = [float(found[1]) / float(found[2]) for line in lines if (found := re.search(r"([\d.]+) us .* ([\d.]+) us of it", line))]
            bound = Reference("index alone", statistics.median(times) * statistics.median(values))
        yield Row("numbers", f"numbers {what}: {name}", unit, values, bound, None, target)
