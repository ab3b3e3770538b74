"""The networks that are timed, with seeded weights of the size that training gives them, as Radial's model files.

networks.py FOLDER [NETWORK...] writes FOLDER/NETWORK.safetensors; needs numpy and scripts/python on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
from radial import tensor_file


class Network:
    """Layers one behind the other, each of the shape that the last has left: [rows, columns, channels] or [width]."""

    def __init__(self, *shape: int) -> None:
        self.random = np.random.default_rng(1)
        self.shape, self.input_shape = list(shape), list(shape)
        self.layers: list[dict[str, Any]] = []
        self.tensors: dict[str, np.ndarray] = {}

    def layer(self, kind: str, tensors: dict[str, np.ndarray] | None = None, **members: Any) -> Network:
        name = f"{kind}_{len(self.layers)}"
        self.layers.append({"type": kind, "name": name, **members})
        self.tensors.update({f"{name}.{part}": values.astype(np.float32) for part, values in (tensors or {}).items()})
        return self

    def weights(self, inputs: int, activation: str, *shape: int) -> np.ndarray:
        """Such that the outputs are as large as the inputs: He et al. 2015 for relu, LeCun et al. 1998 else."""
        bound = ((6 if activation == "relu" else 3) / inputs) ** 0.5
        return self.random.uniform(-bound, bound, shape)

    def dense(self, units: int, activation: str) -> Network:
        [inputs], self.shape = self.shape, [units]
        kernel, bias = self.weights(inputs, activation, inputs, units), self.random.uniform(-0.1, 0.1, units)
        return self.layer("dense", {"kernel": kernel, "bias": bias}, units=units, activation=activation)

    def convolution(self, filters: int | None, size: int, activation: str = "relu", stride: int = 1, padding: str = "same") -> Network:
        """filters None: depthwise, one a channel."""
        rows, columns, channels = self.shape
        groups, filters = (1, filters) if filters else (channels, channels)
        lost = size - 1 if padding == "valid" else 0
        self.shape = [-(-(n - lost) // stride) for n in (rows, columns)] + [filters]
        kernel = self.weights(size * size * channels // groups, activation, size, size, channels // groups, filters)
        return self.layer(
            "conv2d", {"kernel": kernel, "bias": self.random.uniform(-0.1, 0.1, filters)}, filters=filters, kernel_size=[size, size],
            strides=[stride, stride], padding=padding, groups=groups, activation=activation,
        )  # fmt: skip

    def normalization(self) -> Network:
        width = self.shape[-1]
        parts = {part: self.random.uniform(-1, 1, width) for part in ("beta", "moving_mean")}
        parts |= {part: self.random.uniform(0.5, 1.5, width) for part in ("gamma", "moving_variance")}
        return self.layer("batch_normalization", parts, epsilon=1e-3)

    def pool(self, kind: str, size: int = 2) -> Network:
        rows, columns, channels = self.shape
        self.shape = [rows // size, columns // size, channels]
        return self.layer(f"{kind}_pooling2d", pool_size=[size, size], strides=[size, size], padding="valid")

    def flatten(self) -> Network:
        self.shape = [int(np.prod(self.shape))]
        return self.layer("flatten")

    def prototypes(self, classes: int) -> Network:
        """Outputs that are neither 0 nor 1 at this width."""
        [inputs], self.shape = self.shape, [classes]
        centers = self.random.uniform(-1, 1, (classes, inputs))
        return self.layer("rbf", {"centers": centers}, units=classes, output="gaussian", scale=1 / inputs, centers_layout="units_features")

    def write(self, path: Path) -> None:
        architecture = {"version": 1, "input_shape": self.input_shape, "layers": self.layers}
        metadata = {"format": "radial", "radial.version": "1.2", "radial.architecture": json.dumps(architecture)}
        tensor_file.write(path, self.tensors, metadata)


def convolutional(network: Network) -> Network:
    for filters in (16, 32, 64):
        network.convolution(filters, 3, "linear").normalization().layer("activation", activation="relu").pool("max")
    return network.flatten().dense(128, "relu").prototypes(10)


def separable() -> Network:
    """Depthwise and pointwise, as MobileNet's blocks."""
    network = Network(32, 32, 3).convolution(32, 3)
    for filters, stride in ((64, 1), (128, 2), (128, 1), (256, 2)):
        network.convolution(None, 3, stride=stride).convolution(filters, 1)
    return network.pool("average", 8).flatten().prototypes(10)


def lenet5() -> Network:
    """With mean pooling and plain tanh: the factors of a scaled one could be multiplied into weights."""
    network = Network(28, 28, 1).convolution(6, 5, "tanh").pool("average").convolution(16, 5, "tanh", padding="valid").pool("average")
    return network.flatten().dense(120, "tanh").dense(84, "tanh").prototypes(10)


NETWORKS: dict[str, Callable[[], Network]] = {
    "small": lambda: Network(784).dense(256, "tanh").dense(84, "tanh").prototypes(10),
    "large": lambda: Network(2048).dense(4096, "relu").dense(4096, "relu").prototypes(1000),
    "lenet5": lenet5,
    "cnn28": lambda: convolutional(Network(28, 28, 1)),
    "cnn32": lambda: convolutional(Network(32, 32, 3)),
    "separable32": separable,
}


def write(folder: Path, names: list[str]) -> None:
    for name in names:
        NETWORKS[name]().write(folder / f"{name}.safetensors")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:] or list(NETWORKS))
