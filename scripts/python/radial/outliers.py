"""Synthetic rows that belong to no class, made from noise and from the batch itself.

Nothing here draws strokes, letters or garments, and no other data set is read: what a model does with rows unlike those
it was trained on is measured, not taught. All is computed on values that `low` and `high` bring to 0…1, in NumPy or,
inside a compiled function, in `jax.numpy` (`xp`). Shapes: N rows of D features, or N images of H x W pixels and C
channels; sizes in pixels are those of an image of 28 x 28 and grow with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .images import Array, Draws, NumPyDraws, sampled, smooth_noise


def outliers(rows: np.ndarray, count: int, generator: np.random.Generator, low: Any = None, high: Any = None) -> np.ndarray:
    """`count` outliers of the shape of `rows`, which are [N, D], or images [N, H, W] or [N, H, W, C].

    `low` and `high` are the smallest and largest value of a row of a class: of images one number each, of features one
    a feature. Absent, they are those of `rows`. Kinds take turns: any `count` has about as many of each.
    """
    rows = np.asarray(rows, np.float32)
    if rows.ndim not in (2, 3, 4) or len(rows) == 0:
        raise ValueError(f"rows have the shape {rows.shape}, expected [N, D], [N, H, W] or [N, H, W, C] with some rows")
    if count == 0:
        return np.empty((0, *rows.shape[1:]), np.float32)
    axes = 0 if rows.ndim == 2 else None
    low = np.asarray(rows.min(axes) if low is None else low, np.float32)
    high = np.asarray(rows.max(axes) if high is None else high, np.float32)
    span = np.where(high > low, high - low, np.float32(1))
    kinds = len(FEATURE_KINDS if rows.ndim == 2 else IMAGE_KINDS)
    # Two of each kind at least: some are made of two rows.
    each = max(2, -(-count // kinds))
    chosen = rows[generator.integers(0, len(rows), kinds * each)]
    draws = NumPyDraws(generator)
    make = feature_outliers if rows.ndim == 2 else image_outliers
    made = np.asarray(make(draws, (chosen - low) / span), np.float32) * span + low
    # One of each kind, then again: the first `count` have them all alike.
    order = np.arange(kinds * each).reshape(kinds, each).T.ravel()[:count]
    made = np.asarray(made[order], np.float32)
    # Of few or discrete features a mixture may be a row again, as a shuffled image of one grey is, which no outlier may be.
    known = {row.tobytes() for row in rows}
    instead = _beyond if rows.ndim == 2 else _white_noise
    for place, row in enumerate(made):
        if row.tobytes() in known:
            made[place] = instead(draws, np.zeros((1, *row.shape), np.float32), np)[0] * span + low
    return made


def with_outliers(
    rows: np.ndarray, labels: np.ndarray, count: int, generator: np.random.Generator, low: Any = None, high: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """A batch with `count` outliers behind it, whose label is -1: what the losses of this package take for no class."""
    added = outliers(rows, count, generator, low, high)
    labels = np.asarray(labels).astype(np.int64)
    return np.concatenate([np.asarray(rows, np.float32), added]), np.concatenate([labels, np.full(count, -1)])


def image_outliers(draws: Draws, images: Array, xp: Any = np) -> Array:
    """Images [N, H, W] or [N, H, W, C] in 0…1, N a multiple of the 8 kinds -> as many outliers, an eighth of each kind."""
    channels = images.ndim == 4
    n, height, width = images.shape[:3]
    if n % len(IMAGE_KINDS):
        raise ValueError(f"{n} images, expected a multiple of {len(IMAGE_KINDS)}, the number of kinds")
    # Each channel is an image of its own: colours part, as they do in none of a class.
    flat = xp.moveaxis(images, 3, 1).reshape(n * images.shape[3], height, width) if channels else images
    each = len(flat) // len(IMAGE_KINDS)
    made = xp.concatenate(
        [kind(draws, flat[i * each : (i + 1) * each], xp) for i, kind in enumerate(IMAGE_KINDS)]
    )
    return xp.moveaxis(made.reshape(n, -1, height, width), 1, 3) if channels else made


def feature_outliers(draws: Draws, rows: Array, xp: Any = np) -> Array:
    """Rows [N, D] in 0…1, N a multiple of the 4 kinds -> as many outliers, a quarter of each kind."""
    each = len(rows) // len(FEATURE_KINDS)
    others = [kind(draws, rows[i * each : (i + 1) * each], xp) for i, kind in enumerate(FEATURE_KINDS) if i > 0]
    return xp.concatenate([_mixed_features(draws, rows, xp), *others])


def _amount(draws: Draws, like: Array, low: float, high: float) -> Array:
    """One draw a row, to be spread over its values."""
    return draws.uniform((len(like), *(1,) * (like.ndim - 1)), low, high)


def _sigmoid(x: Array, xp: Any) -> Array:
    return 1 / (1 + xp.exp(-xp.clip(x, -60, 60)))


def _unit(images: Array) -> float:
    """A pixel of an image of 28 x 28, in pixels of these."""
    return float(min(images.shape[1:])) / 28


def _white_noise(draws: Draws, images: Array, xp: Any) -> Array:
    """From a few bright pixels to a full page, from dim to black and white."""
    values = draws.uniform(images.shape) ** _amount(draws, images, 0.2, 2.0)
    return values * (draws.uniform(images.shape) < _amount(draws, images, 0.05, 1.0))


def _smooth_noise(draws: Draws, images: Array, xp: Any) -> Array:
    """Clouds of three sizes, soft or with hard borders."""
    fine, middle, coarse = (smooth_noise(draws, images.shape, width * _unit(images)) for width in (1.0, 2.5, 5.0))
    size = _amount(draws, images, 0.0, 3.0)
    field = xp.where(size < 1, fine, xp.where(size < 2, middle, coarse))
    contrast = xp.exp(_amount(draws, images, -1.0, 2.5))
    return _sigmoid(contrast * (field - _amount(draws, images, -0.5, 1.5)), xp)


def _blobs(draws: Draws, images: Array, xp: Any) -> Array:
    """Soft-edged patches in the middle of the page, filled with a grey and a texture."""
    unit = _unit(images)
    down, across = (np.arange(side, dtype=np.float32) - (side - 1) / 2 for side in images.shape[1:])
    height, width = (_amount(draws, images, 3.0 * unit, 12.0 * unit) for _ in range(2))
    shape = 1.0 - xp.sqrt(xp.square(down[:, None] / height) + xp.square(across[None, :] / width))
    inside = _sigmoid(8.0 * (shape + 0.35 * smooth_noise(draws, images.shape, 3.0 * unit)), xp)
    texture = _amount(draws, images, 0.0, 0.3) * smooth_noise(draws, images.shape, unit)
    shade = _amount(draws, images, 0.0, 0.3) * smooth_noise(draws, images.shape, 4.0 * unit)
    return xp.clip(inside * (_amount(draws, images, 0.2, 1.0) + texture + shade), 0.0, 1.0)


def _shuffled_tiles(draws: Draws, images: Array, xp: Any) -> Array:
    """Four tiles a side in another order, drawn from all the images of this kind; what is over at the edges is empty."""
    n, height, width = images.shape
    high, wide = max(1, height // 4), max(1, width // 4)
    down, across = height // high, width // wide
    tiles = images[:, : down * high, : across * wide].reshape(n, down, high, across, wide)
    tiles = tiles.transpose(0, 1, 3, 2, 4).reshape(-1, high, wide)
    tiles = tiles[draws.permutation(n * down * across)].reshape(n, down, across, high, wide)
    whole = tiles.transpose(0, 1, 3, 2, 4).reshape(n, down * high, across * wide)
    return xp.pad(whole, ((0, 0), (0, height - down * high), (0, width - across * wide)))


def _negatives(draws: Draws, images: Array, xp: Any) -> Array:
    return _amount(draws, images, 0.4, 1.0) * (1.0 - images)


def _edges(draws: Draws, images: Array, xp: Any) -> Array:
    """The length of the gradient, across one or two pixels."""
    down = xp.roll(images, -1, 1) - xp.roll(images, 1, 1)
    right = xp.roll(images, -1, 2) - xp.roll(images, 1, 2)
    return xp.clip(xp.sqrt(down * down + right * right + 1e-12) * _amount(draws, images, 0.5, 1.5), 0.0, 1.0)


def _warped(draws: Draws, images: Array, xp: Any) -> Array:
    """Displaced so far that nothing readable is left."""
    unit = _unit(images)
    far = _amount(draws, images, 4.0 * unit, 9.0 * unit)
    down, across = (smooth_noise(draws, images.shape, 2.5 * unit) * far for _ in range(2))
    row, column = np.meshgrid(*map(np.arange, images.shape[1:]), indexing="ij")
    return sampled(images, row + down, column + across, xp)


def _thickened(draws: Draws, images: Array, xp: Any) -> Array:
    """Two images laid over each other, grown by three pixels to every side, at some grey."""
    grown = xp.maximum(images, xp.roll(images, 1, 0))
    for axis in (1, 2):
        reach = max(1, round(3 * _unit(images)))
        space = xp.pad(grown, [(reach, reach) if i == axis else (0, 0) for i in range(3)])
        side = grown.shape[axis]
        for start in range(2 * reach + 1):
            window = space[:, start : start + side] if axis == 1 else space[:, :, start : start + side]
            grown = xp.maximum(grown, window)
    return grown * _amount(draws, images, 0.3, 1.0)


def _mixed_features(draws: Draws, rows: Array, xp: Any) -> Array:
    """Each feature from a row of its own, of all that there are: every value is an ordinary one, their company is not."""
    order = xp.argsort(draws.uniform(rows.shape), axis=0)
    return xp.take_along_axis(rows, order, axis=0)[: len(rows) // len(FEATURE_KINDS)]


def _uniform_features(draws: Draws, rows: Array, xp: Any) -> Array:
    return draws.uniform(rows.shape)


def _reflected_features(draws: Draws, rows: Array, xp: Any) -> Array:
    """Some features at the other end of their range."""
    return xp.where(draws.uniform(rows.shape) < _amount(draws, rows, 0.3, 1.0), 1.0 - rows, rows)


def _beyond(draws: Draws, rows: Array, xp: Any) -> Array:
    """Outside of the range, in all directions."""
    direction = draws.normal(rows.shape)
    direction = direction / xp.sqrt(xp.square(direction).mean(1, keepdims=True) + 1e-12)
    return 0.5 + _amount(draws, rows, 0.7, 2.0) * direction


IMAGE_KINDS = (
    _white_noise, _smooth_noise, _blobs, _shuffled_tiles, _negatives, _edges, _warped, _thickened,
)  # fmt: skip
FEATURE_KINDS = (_mixed_features, _uniform_features, _reflected_features, _beyond)
