"""Smooth random fields, and images read between their pixels: in NumPy, or in any module that has its functions.

`xp` is `numpy`, or `jax.numpy` inside a compiled function. Shapes: N images of H rows, W columns.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Array = Any
"""An array of `xp`."""


class Draws(Protocol):
    """Where random numbers come from: float32, in the shape asked for."""

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Array: ...

    def normal(self, shape: tuple[int, ...]) -> Array: ...

    def permutation(self, n: int) -> Array:
        """The numbers 0 to n - 1 in a random order."""


class NumPyDraws:
    """The draws of a NumPy generator."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Array:
        return np.float32(low) + np.float32(high - low) * self._generator.random(shape, np.float32)

    def normal(self, shape: tuple[int, ...]) -> Array:
        return self._generator.standard_normal(shape, np.float32)

    def permutation(self, n: int) -> Array:
        return self._generator.permutation(n)


def smoothing_matrix(side: int, width: float) -> np.ndarray:
    """[side, side]: a Gaussian of that standard deviation in pixels, each row of length 1."""
    distance = np.arange(side)[:, None] - np.arange(side)[None, :]
    weights = np.exp(-0.5 * np.square(distance / width))
    return np.asarray(weights / np.sqrt(np.square(weights).sum(1, keepdims=True)), np.float32)


def smooth_noise(draws: Draws, shape: tuple[int, ...], width: float) -> Array:
    """[..., H, W]: Gaussian fields of variance 1 at every pixel, correlated over about `width` pixels."""
    rows, columns = (smoothing_matrix(side, width) for side in shape[-2:])
    return rows @ draws.normal(shape) @ columns.T


def sampled(images: Array, row: Array, column: Array, xp: Any = np) -> Array:
    """Bilinear values of `images` [N, H, W] at the places `row`, `column` [N, H, W]; 0 outside."""
    n, height, width = images.shape
    flat = xp.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(n, -1)
    # The largest float32 that is below the last pixel but one: there is always a pixel to the right and below.
    row = xp.clip(row + 1, 0, np.float32(height + 0.999))
    column = xp.clip(column + 1, 0, np.float32(width + 0.999))
    top, left = xp.floor(row), xp.floor(column)
    down, right = row - top, column - left
    corner = (top * (width + 2) + left).astype(np.int32).reshape(n, -1)

    def at(offset: int) -> Array:
        return xp.take_along_axis(flat, corner + offset, axis=1).reshape(row.shape)

    above = at(0) * (1 - right) + at(1) * right
    below = at(width + 2) * (1 - right) + at(width + 3) * right
    return above * (1 - down) + below * down
