"""Small random shifts, turns, scalings and smooth displacements of images, computed on the fly by JAX.

Shapes: N rows of 28 x 28 pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

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
            fields = smooth_noise(keys[2], (2, n), width=4.0) * (strength * self.displacement)
            source_row, source_column = source_row + fields[0], source_column + fields[1]
        return sampled(images, source_row, source_column).reshape(n, -1)


def smoothing_matrix(width: float) -> jax.Array:
    """[28, 28]: a Gaussian of that standard deviation in pixels, each row of length 1."""
    distance = np.arange(SIDE)[:, None] - np.arange(SIDE)[None, :]
    weights = np.exp(-0.5 * np.square(distance / width))
    return jnp.asarray(weights / np.sqrt(np.square(weights).sum(1, keepdims=True)), jnp.float32)


def smooth_noise(key: jax.Array, leading: tuple[int, ...], width: float) -> jax.Array:
    """[*leading, 28, 28]: Gaussian fields of variance 1 at every pixel, correlated over about `width` pixels."""
    smooth = smoothing_matrix(width)
    return smooth @ jax.random.normal(key, (*leading, SIDE, SIDE)) @ smooth.T


def sampled(images: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
    """Bilinear values of `images` [N, 28, 28] at the places `row`, `column` [N, 28, 28]; 0 outside."""
    wide = SIDE + 2
    flat = jnp.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(len(images), -1)
    row, column = jnp.clip(row + 1, 0, SIDE + 0.999), jnp.clip(column + 1, 0, SIDE + 0.999)
    top, left = jnp.floor(row), jnp.floor(column)
    down, right = row - top, column - left
    corner = (top * wide + left).astype(jnp.int32).reshape(len(images), -1)

    def at(offset: int) -> jax.Array:
        return jnp.take_along_axis(flat, corner + offset, axis=1, mode="clip").reshape(row.shape)

    above = at(0) * (1 - right) + at(1) * right
    below = at(wide) * (1 - right) + at(wide + 1) * right
    return above * (1 - down) + below * down
