"""Where a head's prototypes start, from the embeddings of labelled rows. Shapes: N rows, H features, C classes."""

from __future__ import annotations

import warnings

import numpy as np


def starting_head(embeddings: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, float]:
    """The classes' means [C, H], float32, and the gamma by which a row's median squared distance to its own is 1."""
    embeddings = np.asarray(embeddings, np.float32)
    centers = np.zeros((classes, embeddings.shape[1]), np.float32)
    for c in range(classes):
        own = embeddings[labels == c]
        if len(own) == 0:
            raise ValueError(f"no row has the label {c}, expected some of each of the {classes} classes")
        centers[c] = own.mean(0)
    median = float(np.median(np.square(embeddings - centers[labels]).sum(1)))
    return centers, 1 / median if median > 0 else 1.0


def warn_of_close_prototypes(centers: np.ndarray, gamma: float) -> None:
    """Warns of classes whose prototypes [C, H] have fallen together: their scaled distance is below 1."""
    nearest = (np.inf, 0, 0)
    for first in range(len(centers) - 1):
        scaled = gamma * np.square(centers[first + 1 :] - centers[first]).sum(-1)
        nearest = min(nearest, (float(scaled.min()), first, first + 1 + int(scaled.argmin())))
    if nearest[0] < 1:
        distance, first, second = nearest
        warnings.warn(
            f"the prototypes of classes {first} and {second} are {distance:.2g} apart (gamma d2), which hardly tells"
            " rows of one from those of the other: start them farther apart, or with a larger gamma, or train longer",
            stacklevel=3,
        )
