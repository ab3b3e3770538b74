"""Small random shifts, turns, scalings and smooth displacements of images, computed on the fly by JAX.

Shapes: N rows of 28 x 28 pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from radial.images import sampled, smooth_noise

SIDE = 28


@dataclass(frozen=True)
class Distortion:
    """Largest amounts. A row draws one strength in 0…1 for all of them, so that many stay close to the original."""

    shift: float = 1.5  # pixels
    turn: float = 8.0  # degrees
    scaling: float = 0.08
    displacement: float = 0.0  # pixels, root mean square of a smooth random field
    mirrored: bool = False  # half of the rows are flipped left to right

    def __call__(self, key: jax.Array, rows: jax.Array) -> jax.Array:
        """[N, 784] -> [N, 784], every row distorted by its own draw from `key`."""
        keys = jax.random.split(key, 4)
        n = len(rows)
        images = rows.reshape(n, SIDE, SIDE)
        if self.mirrored:
            images = jnp.where(jax.random.bernoulli(keys[3], 0.5, (n, 1, 1)), images[:, :, ::-1], images)
        strength = jax.random.uniform(keys[0], (n, 1, 1))
        draws = jax.random.uniform(keys[1], (4, n, 1, 1), minval=-1.0, maxval=1.0) * jnp.sqrt(strength)
        angle, factor = draws[0] * math.radians(self.turn), 1.0 + draws[1] * self.scaling
        middle = (SIDE - 1) / 2
        row, column = jnp.meshgrid(jnp.arange(SIDE) - middle, jnp.arange(SIDE) - middle, indexing="ij")
        cosine, sine = jnp.cos(angle) / factor, jnp.sin(angle) / factor
        source_row = cosine * row - sine * column + middle + draws[2] * self.shift
        source_column = sine * row + cosine * column + middle + draws[3] * self.shift
        if self.displacement > 0:
            fields = smooth_noise(KeyDraws(keys[2]), (2, n, SIDE, SIDE), width=4.0) * (strength * self.displacement)
            source_row, source_column = source_row + fields[0], source_column + fields[1]
        return sampled(images, source_row, source_column, jnp).reshape(n, -1)


def two_in_one(key: jax.Array, images: jax.Array) -> jax.Array:
    """Images [2N, 28, 28] -> [N, 28, 28]: the first N, each with one of the others at its right, both made smaller."""
    n = len(images) // 2
    keys = jax.random.split(key, 3)
    side = jnp.where(jnp.arange(2 * n) < n, -1.0, 1.0)[:, None, None]
    factor = jax.random.uniform(keys[0], (2 * n, 1, 1), minval=0.5, maxval=0.8)
    across = side * jax.random.uniform(keys[1], (2 * n, 1, 1), minval=4.5, maxval=7.5)
    down = jax.random.uniform(keys[2], (2 * n, 1, 1), minval=-2.0, maxval=2.0)
    middle = (SIDE - 1) / 2
    row, column = jnp.meshgrid(jnp.arange(SIDE) - middle, jnp.arange(SIDE) - middle, indexing="ij")
    smaller = sampled(images, (row - down) / factor + middle, (column - across) / factor + middle, jnp)
    return jnp.maximum(smaller[:n], smaller[n:])


class KeyDraws:
    """The draws of a JAX key, for `radial.outliers` inside a compiled function: each takes another key that follows from it."""

    def __init__(self, key: jax.Array) -> None:
        self._key, self._taken = key, 0

    def _next(self) -> jax.Array:
        self._taken += 1
        return jax.random.fold_in(self._key, self._taken)

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> jax.Array:
        return jax.random.uniform(self._next(), shape, minval=low, maxval=high)

    def normal(self, shape: tuple[int, ...]) -> jax.Array:
        return jax.random.normal(self._next(), shape)

    def permutation(self, n: int) -> jax.Array:
        return jax.random.permutation(self._next(), n)
