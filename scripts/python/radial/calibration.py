"""Split-conformal rejection by answered class: how far from its prototype a row that is answered a class may lie.

Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), section 4.5. Shapes: N rows, C classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FALSE_REJECT_RATE = 0.01
"""Of the rows that belong to a class, about how many are to be called unknown."""

MINIMUM_ROWS = 100
"""Classes with fewer held-out rows are ranked together: fewer rows reject nothing at a rate of 1 %."""


@dataclass(frozen=True)
class Calibration:
    """The squared distances of the held-out rows that were answered each class, ascending: class c's are
    distances[offsets[c]:offsets[c+1]]. One gamma serves all prototypes."""

    distances: np.ndarray  # float32
    offsets: np.ndarray  # int64 [C + 1]

    @classmethod
    def fit(cls, distances: np.ndarray) -> Calibration:
        """`distances` [N, C] float32 of held-out rows; no labels are needed."""
        answered = distances.argmin(1)
        classes = [np.sort(distances[answered == c, c]) for c in range(distances.shape[1])]
        offsets = np.cumsum([0, *map(len, classes)], dtype=np.int64)
        return cls(np.concatenate(classes).astype(np.float32), offsets)

    def category(self, index: int) -> np.ndarray:
        """The distances among which those of a class are ranked, ascending."""
        sizes = np.diff(self.offsets)
        if sizes[index] >= MINIMUM_ROWS:
            return self.distances[self.offsets[index] : self.offsets[index + 1]]
        few = [self.distances[start : start + n] for start, n in zip(self.offsets, sizes) if n < MINIMUM_ROWS]
        return np.sort(np.concatenate(few))

    def p_values(self, distances: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """p = (1 + #{calibration distances of the category >= distance}) / (n + 1); both arguments [N]."""
        result = np.empty(len(classes))
        for c in range(len(self.offsets) - 1):
            own = self.category(c)
            asked = classes == c
            farther = len(own) - np.searchsorted(own, distances[asked], side="left")
            result[asked] = (1 + farther) / (len(own) + 1)
        return result

    def limits(self, rate: float) -> np.ndarray:
        """[C]: the largest distance of each class whose p-value is still `rate` or more; infinity: any distance's is."""
        result = []
        for c in range(len(self.offsets) - 1):
            own = self.category(c)
            needed = math.ceil(rate * (len(own) + 1) - 1e-9) - 1  # rows that must lie at least as far
            result.append(own[len(own) - needed] if needed > 0 else np.inf)
        return np.array(result)


def area_under_roc(inside: np.ndarray, outside: np.ndarray) -> float:
    """The chance that a row from outside lies farther than a row from inside; ties count half."""
    ordered = np.sort(inside)
    nearer = np.searchsorted(ordered, outside, side="left") + np.searchsorted(ordered, outside, side="right")
    return float(nearer.mean() / (2 * len(inside)))
