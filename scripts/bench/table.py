"""What scripts/bench.sh prints: a row for each figure, beside its bound, a peer and its target, and the same as JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import Any, Iterable, Literal

TIMES = ("ns", "us", "ms")


@dataclass(frozen=True)
class Reference:
    """A figure to be held against, in the row's unit: a limit of the machine, or somebody else's."""

    name: str
    value: float


@dataclass(frozen=True)
class Target:
    """At least (rates) or at most (times) `factor`, or so many times the bound, or at least so many times as fast as the peer."""

    factor: float
    of: Literal["itself", "bound", "peer"] = "itself"


@dataclass
class Row:
    """A figure of several runs. A unit of time is better when it is small, every other when it is large."""

    part: str
    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    bound: Reference | None = None
    peer: Reference | None = None
    target: Target | None = None
    detail: str = ""
    # Why this machine cannot measure it.
    unmeasured: str | None = None

    @property
    def is_time(self) -> bool:
        return self.unit in TIMES

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def of_bound(self) -> float | None:
        return self.median / self.bound.value if self.bound else None

    @property
    def times_peer(self) -> float | None:
        """How many times as fast as the peer."""
        if not self.peer:
            return None
        return self.peer.value / self.median if self.is_time else self.median / self.peer.value

    @property
    def is_met(self) -> bool | None:
        if not self.target or self.unmeasured:
            return None
        reached = {"itself": self.median, "bound": self.of_bound, "peer": self.times_peer}[self.target.of]
        if reached is None:
            raise ValueError(f"{self.name}: a target of the {self.target.of}, and there is none")
        return reached <= self.target.factor if self.is_limit else reached >= self.target.factor

    @property
    def is_limit(self) -> bool:
        """Whether the target is a largest value: a time, and not how much faster than a peer."""
        return self.is_time and self.target is not None and self.target.of != "peer"

    def line(self, is_markdown: bool) -> str:
        """The row as the table has it whose titles `titles` gives."""
        if self.unmeasured:
            cells = [self.name, f"not measured: {self.unmeasured}"]
        else:
            cells = self._markdown_cells() if is_markdown else self._cells()
        return joined(cells, is_markdown)

    def _markdown_cells(self) -> list[str]:
        measured = f"{number(self.median)} {self.unit}".replace("x ", "× ")
        spread = f"{number(min(self.values))}–{number(max(self.values))}"
        bound = f"{self.of_bound:.2f} × {self.bound.name}" if self.bound else ""
        peer = f"{self.times_peer:.2f} × {self.peer.name}" if self.peer else ""
        verdict = {True: ": met", False: ": missed", None: ""}[self.is_met]
        target = self.target_text().replace(">=", "≥").replace("<=", "≤").replace(" x ", " × ")
        return [self.name, measured, spread, bound, peer, target + verdict]

    def _cells(self) -> list[str]:
        spread = f"{number(min(self.values))} - {number(max(self.values))}"
        bound, peer = (f"{number(other.value)} {other.name}" if other else "" for other in (self.bound, self.peer))
        of_bound, times_peer = ("" if ratio is None else f"{ratio:.2f}" for ratio in (self.of_bound, self.times_peer))
        verdict = {True: "met", False: "MISSED", None: ""}[self.is_met]
        measured = [number(self.median), self.unit, spread, bound, of_bound, peer, times_peer]
        return [self.name, *measured, self.target_text(), verdict, self.detail]

    def target_text(self) -> str:
        if not self.target:
            return ""
        return f"{'<=' if self.is_limit else '>='} {self.target.factor:g}" + {"itself": "", "bound": " bound", "peer": " x peer"}[self.target.of]

    def encoded(self) -> dict[str, Any]:
        measured = {} if self.unmeasured else {
            "median": self.median, "least": min(self.values), "most": max(self.values), "of_bound": self.of_bound,
            "times_peer": self.times_peer,
        }  # fmt: skip
        return {**asdict(self), **measured, "is_met": self.is_met}


# Titles, and how wide each is printed.
COLUMNS = {
    "": "34", "measured": ">9", "unit": "9", "least - most": ">17", "bound": "23", "/ bound": ">7", "best peer": "24", "x peer": ">6",
    "target": "14", "verdict": "7", "detail": "",
}  # fmt: skip


# Of Markdown: ratios, and no details, so that a line has at most 120 characters.
MARKDOWN_COLUMNS = ("", "measured", "least–most", "of the bound", "as fast as the peer", "target")


def titles(is_markdown: bool) -> str:
    rule = "\n" + "|---" * len(MARKDOWN_COLUMNS) + "|"
    return joined(MARKDOWN_COLUMNS, is_markdown) + rule if is_markdown else joined(COLUMNS, is_markdown)


def joined(cells: Iterable[str], is_markdown: bool) -> str:
    if is_markdown:
        return f"| {' | '.join(cells)} |"
    *front, last = zip(cells, COLUMNS.values())
    return " ".join([f"{cell:{width}}" for cell, width in front] + [last[0]]).rstrip()


def number(value: float) -> str:
    """Three digits or more."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


class WrongAnswer(Exception):
    """Nothing is timed that answers wrongly: the run ends."""
