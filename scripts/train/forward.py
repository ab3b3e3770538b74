"""The forward pass of a network description in JAX, made for training: fast gradients on a CPU.

Shapes: N rows, H W image, K features entering the last layer, C classes. Images travel as [channels, H, W, N], rows
last, so that a convolution is one matrix product over long contiguous runs: two and a half times as fast as
`lax.conv_general_dilated`, and its gradient ten times.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

ACTIVATIONS = {
    "linear": lambda x: x,
    "tanh": jnp.tanh,
    "scaled_tanh": lambda x: 1.7159 * jnp.tanh(x * (2 / 3)),
    "relu": jax.nn.relu,
}

Tensors = dict[str, jax.Array]


def distances(
    architecture: dict[str, Any], tensors: Tensors, rows: jax.Array, normalised_by: int = 0
) -> tuple[jax.Array, Tensors]:
    """Squared distances [N, C] to the prototypes of the closing RBF layer; `rows` [N, D] after preprocessing.

    With `normalised_by`, batch normalisation takes mean and variance of the first so many rows instead of the moving
    ones, and returns them by the names of the latter: a batch's outliers then move no row of a class.
    """
    statistics: Tensors = {}
    shape = architecture["input_shape"]
    x = rows
    if len(shape) == 3:
        x = jnp.transpose(rows.reshape(-1, *shape), (3, 1, 2, 0))
    for layer in architecture["layers"]:
        name, kind = layer["name"], layer["type"]
        if kind == "conv2d":
            x = _convolution(x, tensors[f"{name}.kernel"], layer["padding"])
            if layer["use_bias"]:
                x = x + tensors[f"{name}.bias"][:, None, None, None]
            x = ACTIVATIONS[layer["activation"]](x)
        elif kind == "batch_normalization":
            mean, variance = (f"{name}.moving_{part}" for part in ("mean", "variance"))
            used = tensors
            if normalised_by:
                first = x[..., :normalised_by]
                used = {mean: first.mean((1, 2, 3)), variance: first.var((1, 2, 3))}
                statistics |= used
            factor = tensors[f"{name}.gamma"] / jnp.sqrt(used[variance] + layer["epsilon"])
            x = factor[:, None, None, None] * x + (tensors[f"{name}.beta"] - factor * used[mean])[:, None, None, None]
        elif kind == "activation":
            x = ACTIVATIONS[layer["activation"]](x)
        elif kind == "max_pooling2d":
            x = jnp.maximum(x[:, 0::2], x[:, 1::2])
            x = jnp.maximum(x[:, :, 0::2], x[:, :, 1::2])
        elif kind == "average_pooling2d":
            x = _mean_of_windows(x)
        elif kind == "subsampling2d":
            factor, offset = tensors[f"{name}.factor"], tensors[f"{name}.offset"]
            x = factor[:, None, None, None] * _mean_of_windows(x) + offset[:, None, None, None]
            x = ACTIVATIONS[layer["activation"]](x)
        elif kind == "flatten":
            x = jnp.transpose(x, (3, 1, 2, 0)).reshape(x.shape[3], -1)
        elif kind == "dense":
            x = ACTIVATIONS[layer["activation"]](x @ tensors[f"{name}.kernel"] + tensors[f"{name}.bias"])
        elif kind == "rbf":
            x = jnp.square(x[:, :, None] - tensors[f"{name}.centers"]).sum(1)
        else:
            raise ValueError(f"layer {name!r} is {kind!r}, which is not trained here")
    return x, statistics


def _convolution(x: jax.Array, kernel: jax.Array, padding: str) -> jax.Array:
    """`x` [in, H, W, N], `kernel` [h, w, in, out], odd and square when padded; stride 1."""
    height, width, channels, filters = kernel.shape
    if padding == "same":
        x = jnp.pad(x, ((0, 0), (height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    patches = jnp.stack([x[:, i : i + rows, j : j + columns] for i in range(height) for j in range(width)])
    y = kernel.reshape(-1, filters).T @ patches.reshape(height * width * channels, -1)
    return y.reshape(filters, rows, columns, x.shape[3])


def _mean_of_windows(x: jax.Array) -> jax.Array:
    """Windows of 2 by 2 that do not overlap; `x` [channels, H, W, N] with even H and W."""
    x = x[:, 0::2] + x[:, 1::2]
    return (x[:, :, 0::2] + x[:, :, 1::2]) * 0.25
