"""A network as Radial's model files describe it: in Keras float32, and once more in numpy float64.

Shapes: N rows, D inputs, C units of the last RBF layer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from . import tensor_file
from .rbf import RBFLayer


class Answers(NamedTuple):
    """Outputs [N, …] and squared distances [N, C] to the units of the last RBF layer."""

    outputs: np.ndarray
    distances: np.ndarray


_ACTIVATIONS64 = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Network:
    """Dense and RBF layers with one scale a layer: what `scripts/train` makes. Anything else is refused by name."""

    architecture: dict[str, Any]
    tensors: dict[str, np.ndarray]
    preprocessing: dict[str, float] | None = None

    @classmethod
    def read(cls, path: Path) -> Network:
        tensors, metadata = tensor_file.read(path)
        preprocessing = metadata.get("radial.preprocessing")
        return cls(
            json.loads(metadata["radial.architecture"]), tensors, json.loads(preprocessing) if preprocessing else None
        )

    @classmethod
    def of(cls, model: keras.Sequential, preprocessing: dict[str, float] | None = None) -> Network:
        """The description and the float32 weights of a built Keras model."""
        layers: list[dict[str, Any]] = []
        tensors: dict[str, np.ndarray] = {}
        for layer in model.layers:
            if isinstance(layer, RBFLayer):
                gamma = np.float32(layer.gamma)
                layers.append(
                    {
                        "type": "rbf",
                        "name": layer.name,
                        "units": layer.units,
                        "output": "gaussian",
                        "scale": float(gamma),  # a double's digits bring every float32 back exactly
                        "centers_layout": "features_units",
                    }
                )
                tensors[f"{layer.name}.centers"] = np.asarray(layer.centers)
            elif isinstance(layer, keras.layers.Dense):
                layers.append(
                    {
                        "type": "dense",
                        "name": layer.name,
                        "units": layer.units,
                        "activation": keras.activations.serialize(layer.activation),
                        "use_bias": True,
                    }
                )
                tensors[f"{layer.name}.kernel"] = np.asarray(layer.kernel)
                tensors[f"{layer.name}.bias"] = np.asarray(layer.bias)
            else:
                raise ValueError(f"layer {layer.name!r} is a {type(layer).__name__}, expected Dense or RBFLayer")
        return cls({"version": 1, "input_shape": list(model.input_shape[1:]), "layers": layers}, tensors, preprocessing)

    @property
    def widest_input(self) -> int:
        return max([*self.architecture["input_shape"], *(layer["units"] for layer in self.architecture["layers"][:-1])])

    @property
    def scale(self) -> float:
        return self.architecture["layers"][-1]["scale"]

    def keras_model(self) -> keras.Sequential:
        """The network after preprocessing as a Keras model with a constant gamma."""
        layers = [keras.Input(self.architecture["input_shape"]), *map(self._keras_layer, self.architecture["layers"])]
        model = keras.Sequential(layers, name="radial")
        for layer in model.layers:
            layer.set_weights(self._weights(layer.name))
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
        return Answers(*map(np.asarray, both.predict(self._prepared(inputs, np.float32), batch_size=500, verbose=0)))

    def answers64(self, inputs: np.ndarray) -> Answers:
        """The same weights in float64, by numpy alone."""
        x = self._prepared(inputs, np.float64)
        distances = x
        for layer in self.architecture["layers"]:
            weights = [weight.astype(np.float64) for weight in self._weights(layer["name"])]
            if layer["type"] == "dense":
                x = _ACTIVATIONS64[layer["activation"]](x @ weights[0] + weights[1])
            else:
                distances = np.stack([np.square(x - center).sum(-1) for center in weights[0].T], axis=-1)
                x = np.exp(-layer["scale"] * distances)
        return Answers(x, distances)

    def _prepared(self, inputs: np.ndarray, dtype: type) -> np.ndarray:
        inputs = np.asarray(inputs, dtype)
        if self.preprocessing is None:
            return inputs
        # The factor is a float32 to the server, so it is one here, in either precision.
        scale, offset = (dtype(np.float32(self.preprocessing[key])) for key in ("scale", "offset"))
        return inputs * scale + offset

    def _weights(self, name: str) -> list[np.ndarray]:
        if f"{name}.centers" not in self.tensors:
            return [self.tensors[f"{name}.kernel"], self.tensors[f"{name}.bias"]]
        layer = next(layer for layer in self.architecture["layers"] if layer["name"] == name)
        centers = self.tensors[f"{name}.centers"]
        return [centers if layer["centers_layout"] == "features_units" else centers.T]

    def _keras_layer(self, layer: dict[str, Any]) -> keras.layers.Layer:
        if layer["type"] == "dense" and layer["use_bias"]:
            return keras.layers.Dense(layer["units"], activation=layer["activation"], name=layer["name"])
        if layer["type"] == "rbf" and layer["output"] == "gaussian" and layer["scale"] != "tensor":
            return RBFLayer(layer["units"], gamma=layer["scale"], name=layer["name"])
        raise ValueError(f"layer {layer['name']!r}: only dense with bias and gaussian rbf with one scale are rebuilt")
