"""Synthetic rows that belong to no class, made from noise and from the batch itself.

Nothing here draws strokes, letters or garments, and no other data set is read: what a model does with digits, letters
or garments it was not trained on is measured, not taught. Shapes: N rows of 28 x 28 pixels in 0…1.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .distortion import SIDE, sampled, smooth_noise

KINDS = 8


def outliers(key: jax.Array, rows: jax.Array) -> jax.Array:
    """[N, 784] images of the batch, N a multiple of 8 -> [N, 784], an eighth of each kind."""
    n = len(rows) // KINDS
    images = rows.reshape(KINDS, n, SIDE, SIDE)
    keys = jax.random.split(key, KINDS)
    made = [
        _white_noise(keys[0], n),
        _smooth_noise(keys[1], n),
        _blobs(keys[2], n),
        _shuffled_tiles(keys[3], images[3]),
        _negatives(keys[4], images[4]),
        _edges(keys[5], images[5]),
        _warped(keys[6], images[6]),
        _thickened(keys[7], images[7]),
    ]
    return jnp.concatenate(made).reshape(KINDS * n, -1)


def _uniform(key: jax.Array, n: int, low: float, high: float) -> jax.Array:
    return jax.random.uniform(key, (n, 1, 1), minval=low, maxval=high)


def _white_noise(key: jax.Array, n: int) -> jax.Array:
    """From a few bright pixels to a full page, from dim to black and white."""
    keys = jax.random.split(key, 4)
    values = jax.random.uniform(keys[0], (n, SIDE, SIDE)) ** _uniform(keys[1], n, 0.2, 2.0)
    kept = jax.random.uniform(keys[2], (n, SIDE, SIDE)) < _uniform(keys[3], n, 0.05, 1.0)
    return values * kept


def _smooth_noise(key: jax.Array, n: int) -> jax.Array:
    """Clouds of three sizes, soft or with hard borders."""
    keys = jax.random.split(key, 6)
    fine, middle, coarse = (smooth_noise(keys[i], (n,), width) for i, width in enumerate((1.0, 2.5, 5.0)))
    chosen = jax.random.randint(keys[3], (n, 1, 1), 0, 3)
    field = jnp.select([chosen == 0, chosen == 1], [fine, middle], coarse)
    contrast = jnp.exp(_uniform(keys[4], n, -1.0, 2.5))
    return jax.nn.sigmoid(contrast * (field - _uniform(keys[5], n, -0.5, 1.5)))


def _blobs(key: jax.Array, n: int) -> jax.Array:
    """Soft-edged patches in the middle of the page, filled with a grey and a texture."""
    keys = jax.random.split(key, 7)
    axis = jnp.arange(SIDE) - (SIDE - 1) / 2
    height, width = _uniform(keys[0], n, 3.0, 12.0), _uniform(keys[1], n, 3.0, 12.0)
    shape = 1.0 - jnp.sqrt(jnp.square(axis[:, None] / height) + jnp.square(axis[None, :] / width))
    inside = jax.nn.sigmoid(8.0 * (shape + 0.35 * smooth_noise(keys[2], (n,), 3.0)))
    texture = _uniform(keys[3], n, 0.0, 0.3) * smooth_noise(keys[4], (n,), 1.0)
    shade = _uniform(keys[5], n, 0.0, 0.3) * smooth_noise(keys[6], (n,), 4.0)
    grey = _uniform(jax.random.fold_in(key, 7), n, 0.2, 1.0)
    return jnp.clip(inside * (grey + texture + shade), 0.0, 1.0)


def _shuffled_tiles(key: jax.Array, images: jax.Array) -> jax.Array:
    """Sixteen tiles of 7 by 7 in another order, drawn from all the images of this kind."""
    tiles = images.reshape(-1, 4, 7, 4, 7).transpose(0, 1, 3, 2, 4).reshape(-1, 7, 7)
    tiles = jax.random.permutation(key, tiles).reshape(-1, 4, 4, 7, 7)
    return tiles.transpose(0, 1, 3, 2, 4).reshape(images.shape)


def _negatives(key: jax.Array, images: jax.Array) -> jax.Array:
    return _uniform(key, len(images), 0.4, 1.0) * (1.0 - images)


def _edges(key: jax.Array, images: jax.Array) -> jax.Array:
    """The length of the gradient, across one or two pixels."""
    down = jnp.roll(images, -1, 1) - jnp.roll(images, 1, 1)
    right = jnp.roll(images, -1, 2) - jnp.roll(images, 1, 2)
    return jnp.clip(jnp.sqrt(down * down + right * right + 1e-12) * _uniform(key, len(images), 0.5, 1.5), 0.0, 1.0)


def _warped(key: jax.Array, images: jax.Array) -> jax.Array:
    """Displaced so far that nothing readable is left."""
    keys = jax.random.split(key, 2)
    fields = smooth_noise(keys[0], (2, len(images)), 2.5) * _uniform(keys[1], len(images), 4.0, 9.0)
    row, column = jnp.meshgrid(jnp.arange(SIDE), jnp.arange(SIDE), indexing="ij")
    return sampled(images, row + fields[0], column + fields[1])


def _thickened(key: jax.Array, images: jax.Array) -> jax.Array:
    """Two images laid over each other, grown by three pixels to every side, at some grey."""
    both = jnp.maximum(images, jnp.roll(images, 1, 0))
    grown = jax.lax.reduce_window(both, -jnp.inf, jax.lax.max, (1, 7, 7), (1, 1, 1), "SAME")
    return grown * _uniform(key, len(images), 0.3, 1.0)

