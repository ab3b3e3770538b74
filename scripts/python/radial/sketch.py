"""A set of rows, known again later: the smallest of its rows' hashes (Broder 1997), as Radial's model files keep them."""

from __future__ import annotations

import numpy as np

CAPACITY = 256


def row_sketch(rows: np.ndarray) -> np.ndarray:
    """The smallest hashes of rows [N, D], ascending as numbers without a sign, in the int64 that a file has."""
    bits = np.ascontiguousarray(np.asarray(rows, np.float32).reshape(len(rows), -1) + np.float32(0)).view(np.uint32)
    hashes = np.full(len(rows), bits.shape[1], np.uint64)
    for column in bits.T:  # SplitMix64's mixer (Steele, Lea and Flood 2014), which wraps around as it should
        hashes = (hashes ^ column.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        hashes = hashes ^ (hashes >> np.uint64(31))
    return np.unique(hashes)[:CAPACITY].view(np.int64)
