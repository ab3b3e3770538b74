"""A network as Radial's model files describe it: in Keras float32, and once more in numpy float64.

Shapes: N rows, D inputs, C units of the last RBF layer.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from radial import tensor_file
from radial.keras.layer import RBFLayer
from radial.model_file import Answers, Description

from .image_layers import Subsampling2D, scaled_tanh


_ACTIVATIONS64 = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "scaled_tanh": lambda x: 1.7159 * np.tanh(x * (2 / 3)),
}

_PARTS = {
    "conv2d": ("kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "dense": ("kernel", "bias"),
    "subsampling2d": ("factor", "offset"),
    "rbf": ("centers",),
}
"""The tensors of a layer, in Keras' order of creation."""

_ROWS_AT_ONCE = 500

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
"""Where the models that ship are kept."""


@dataclass(frozen=True)
class Network(Description):
    """The layers that `scripts/train` makes, closed by an RBF layer. Anything else is refused by name."""

    @classmethod
    def read(cls, path: Path) -> Network:
        tensors, metadata = tensor_file.read(path)
        preprocessing = metadata.get("radial.preprocessing")
        return cls(
            json.loads(metadata["radial.architecture"]), tensors, json.loads(preprocessing) if preprocessing else None
        )

    @property
    def widest_input(self) -> int:
        """The largest number of values that one output of a layer is computed from."""
        sizes = [self.architecture["input_shape"][0]] if len(self.architecture["input_shape"]) == 1 else []
        for layer in self.architecture["layers"]:
            if layer["type"] in ("conv2d", "dense", "rbf"):
                sizes.append(math.prod(self._weights(layer)[0].shape[:-1]))
        return max(sizes)

    def keras_model(self) -> keras.Sequential:
        """The network after preprocessing as a Keras model with a constant gamma."""
        described = self.architecture["layers"]
        model = keras.Sequential(
            [keras.Input(self.architecture["input_shape"]), *map(_keras_layer, described)], name="radial"
        )
        for layer, description in zip(model.layers, described, strict=True):
            layer.set_weights(self._weights(description))
        return model

    def answers32(self, inputs: np.ndarray) -> Answers:
        """What Keras computes in float32 for raw inputs [N, D]."""
        model = self.keras_model()
        last = model.layers[-1]
        if not isinstance(last, RBFLayer):
            raise ValueError(f"the last layer, {last.name!r}, is not an RBF layer")
        measure = RBFLayer(last.units, output_form="distance", name="distances")
        both = keras.Model(model.inputs, [model.outputs[0], measure(last.input)])
        # A copy: predict donates its buffers to the computation, and none may be donated twice.
        measure.set_weights([np.array(last.centers)])
        rows = self.prepared(inputs, np.float32)
        return Answers(inputs, *map(np.asarray, both.predict(rows, batch_size=_ROWS_AT_ONCE, verbose=0)))

    def answers64(self, inputs: np.ndarray) -> Answers:
        """The same weights in float64, by numpy alone."""
        parts = [
            self._pass64(self.prepared(inputs[start : start + _ROWS_AT_ONCE], np.float64))
            for start in range(0, len(inputs), _ROWS_AT_ONCE)
        ]
        return Answers(inputs, *map(np.concatenate, zip(*parts, strict=True)))

    def _pass64(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs [N, ...] and squared distances [N, C]."""
        distances = x
        for layer in self.architecture["layers"]:
            kind = layer["type"]
            weights = [weight.astype(np.float64) for weight in self._weights(layer)]
            if kind == "conv2d":
                x = _convolution64(x, weights[0], layer["padding"])
                x = x + weights[1] if layer["use_bias"] else x
            elif kind == "batch_normalization":
                gamma, beta, mean, variance = weights
                x = gamma * (x - mean) / np.sqrt(variance + layer["epsilon"]) + beta
            elif kind == "activation":
                pass
            elif kind == "max_pooling2d":
                x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))
            elif kind in ("average_pooling2d", "subsampling2d"):
                x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean((2, 4))
                if kind == "subsampling2d":
                    x = weights[0] * x + weights[1]
            elif kind == "flatten":
                x = x.reshape(len(x), -1)
            elif kind == "dense":
                x = x @ weights[0] + weights[1]
            else:
                distances = np.stack([np.square(x - center).sum(-1) for center in weights[0].T], axis=-1)
                x = distances if layer["output"] == "distance" else np.exp(-layer["scale"] * distances)
            x = _ACTIVATIONS64[layer.get("activation", "linear")](x)
        return x, distances

    def prepared(self, inputs: np.ndarray, dtype: type) -> np.ndarray:
        """Raw rows [N, D] in the network's input shape, after preprocessing."""
        inputs = np.asarray(inputs, dtype).reshape(-1, *self.architecture["input_shape"])
        if self.preprocessing is None:
            return inputs
        # The factor is a float32 to the server, so it is one here, in either precision.
        scale, offset = (dtype(np.float32(self.preprocessing[key])) for key in ("scale", "offset"))
        return inputs * scale + offset

    def _weights(self, layer: dict[str, Any]) -> list[np.ndarray]:
        parts = [part for part in _PARTS.get(layer["type"], ()) if part != "bias" or layer["use_bias"]]
        weights = [self.tensors[f"{layer['name']}.{part}"] for part in parts]
        if layer["type"] == "rbf" and layer["centers_layout"] == "units_features":
            return [weights[0].T]
        return weights


def _keras_layer(layer: dict[str, Any]) -> keras.layers.Layer:
    kind, name = layer["type"], layer["name"]
    activation = scaled_tanh if layer.get("activation") == "scaled_tanh" else layer.get("activation")
    if kind == "conv2d" and layer["strides"] == [1, 1]:
        return keras.layers.Conv2D(
            layer["filters"],
            layer["kernel_size"],
            padding=layer["padding"],
            activation=activation,
            use_bias=layer["use_bias"],
            name=name,
        )
    if kind == "batch_normalization" and layer["center"] and layer["scale"]:
        return keras.layers.BatchNormalization(epsilon=layer["epsilon"], name=name)
    if kind == "activation":
        return keras.layers.Activation(activation, name=name)
    if kind == "max_pooling2d" and layer["pool_size"] == layer["strides"] == [2, 2]:
        return keras.layers.MaxPooling2D(2, name=name)
    if kind == "average_pooling2d" and layer["pool_size"] == layer["strides"] == [2, 2]:
        return keras.layers.AveragePooling2D(2, name=name)
    if kind == "subsampling2d" and layer["pool_size"] == layer["strides"] == [2, 2]:
        return Subsampling2D(activation, name=name)
    if kind == "flatten":
        return keras.layers.Flatten(name=name)
    if kind == "dense" and layer["use_bias"]:
        return keras.layers.Dense(layer["units"], activation=activation, name=name)
    if kind == "rbf" and layer["output"] in ("gaussian", "distance") and layer["scale"] != "tensor":
        return RBFLayer(layer["units"], gamma=layer["scale"], output_form=layer["output"], name=name)
    raise ValueError(f"layer {name!r} is {kind!r} in a form that is not rebuilt here: {layer}")


def _convolution64(x: np.ndarray, kernel: np.ndarray, padding: str) -> np.ndarray:
    """`x` [N, H, W, in], `kernel` [h, w, in, out] of odd sizes; stride 1."""
    height, width, channels, filters = kernel.shape
    if padding == "same":
        x = np.pad(x, ((0, 0), (height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))  # [N, H, W, in, h, w]
    return np.tensordot(windows, kernel, ([4, 5, 3], [0, 1, 2]))
