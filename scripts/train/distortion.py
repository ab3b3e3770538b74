"""Small random shifts, turns and scalings of digit images, computed on the fly by JAX."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates

SIDE = 28
LARGEST_SHIFT = 1.5  # pixels
LARGEST_TURN = math.radians(8)
LARGEST_SCALING = 0.08


def _distort_one(key: jax.Array, pixels: jax.Array) -> jax.Array:
    turn, scaling, shift_row, shift_column = jax.random.uniform(key, (4,), minval=-1.0, maxval=1.0)
    angle, factor = turn * LARGEST_TURN, 1.0 + scaling * LARGEST_SCALING
    middle = (SIDE - 1) / 2
    row, column = jnp.meshgrid(jnp.arange(SIDE) - middle, jnp.arange(SIDE) - middle, indexing="ij")
    cosine, sine = jnp.cos(angle) / factor, jnp.sin(angle) / factor
    sources = jnp.stack(
        [
            cosine * row - sine * column + middle + shift_row * LARGEST_SHIFT,
            sine * row + cosine * column + middle + shift_column * LARGEST_SHIFT,
        ]
    )
    return map_coordinates(pixels.reshape(SIDE, SIDE), list(sources), order=1, mode="constant").reshape(-1)


@jax.jit
def distort(key: jax.Array, pixels: jax.Array) -> jax.Array:
    """[N, 784] -> [N, 784], every row distorted by its own draw from `key`."""
    return jax.vmap(_distort_one)(jax.random.split(key, len(pixels)), pixels)
