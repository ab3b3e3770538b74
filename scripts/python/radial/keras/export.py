"""From a trained Keras model to the file that Radial serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Sequence

import keras
import numpy as np

from ..calibration import FALSE_REJECT_RATE, Calibration
from ..model_file import SELF_TEST_ROWS, Answers, Description, rows_at_once, write
from ..prototypes import warn_of_close_prototypes
from .layer import OUTPUT_FORMS, RBFLayer


def export(
    model: keras.Model,
    path: str | Path,
    held_out: np.ndarray,
    labels: Sequence[str] | None = None,
    calibrate: bool = True,
    false_reject_rate: float = FALSE_REJECT_RATE,
    output_form: str | None = None,
    training: dict[str, Any] | None = None,
) -> None:
    """Writes a chain of layers that ends in an `RBFLayer` to a `.safetensors` file, calibrated with `held_out` rows.

    `held_out` [N, ...] are rows, as the model takes them, that it was not trained with; no labels are needed. The first
    ones become the file's self-test, with Keras' own answers. `output_form` is what the file is to answer instead of
    what the model does: "gaussian" for scores in 0…1. `training` is any JSON object, shown by the server. Layers that
    have no place in the file are a ValueError, which says what to do.
    """
    layers = chain(model)
    head = layers[-1]
    if not isinstance(head, RBFLayer):
        raise ValueError(
            f"the last layer, {head.name!r}, is {type(head).__name__}, expected an RBFLayer: save any other model"
            " with model.save and give it to `radial fit`"
        )
    if labels is not None and len(labels) != head.units:
        raise ValueError(f"{len(labels)} labels, expected one for each of the {head.units} units")
    held_out = np.asarray(held_out, np.float32)
    if len(held_out) == 0:
        raise ValueError("there are no held-out rows, expected some of every class")
    description = describe(model, output_form)
    form = output_form or head.output_form
    distances = _answers(model, head, "distance", held_out)
    if not np.isfinite(distances).all():
        raise ValueError("some distances of the held-out rows are not finite numbers")
    warn_of_close_prototypes(np.asarray(keras.ops.convert_to_numpy(head.centers)).T, float(head.gamma))
    rows = held_out.reshape(len(held_out), -1)
    test = slice(0, SELF_TEST_ROWS)
    write(
        path,
        description,
        Answers(rows[test], _answers(model, head, form, held_out[test]), distances[test]),
        labels=labels,
        training=training,
        calibration=Calibration.fit(distances) if calibrate else None,
        calibration_rows=rows,
        false_reject_rate=false_reject_rate,
    )


def describe(model: keras.Model, output_form: str | None = None) -> Description:
    """The network as a model file has it, with its float32 weights."""
    if output_form is not None and output_form not in OUTPUT_FORMS:
        raise ValueError(f"output_form is {output_form!r}, expected one of {', '.join(OUTPUT_FORMS)}")
    shape = list(model.input_shape[1:])
    if None in shape or len(shape) not in (1, 2, 3):
        raise ValueError(f"the input has the shape {shape}, expected sizes of [features], [rows, columns] or with channels")
    if keras.backend.standardize_dtype(model.inputs[0].dtype) not in ("float32", "float64"):
        raise ValueError(f"the input is of {model.inputs[0].dtype}, expected float32: other types change what clients send")
    layers = chain(model)
    writer = _Writer(output_form, layers[-1])
    for layer in layers:
        writer.add(layer)
    architecture = {"version": 1, "input_shape": shape, "layers": writer.layers}
    return Description(architecture, writer.tensors, writer.preprocessing)


def _answers(model: keras.Model, head: RBFLayer, form: str, rows: np.ndarray) -> np.ndarray:
    """What the model answers [N, C] when its head has another form. Computed by calls, which no compiled function of before serves."""
    before, step = head.output_form, rows_at_once(*head.centers.shape)
    head.output_form = form
    try:
        parts = [
            keras.ops.convert_to_numpy(model(rows[start : start + step], training=False))
            for start in range(0, len(rows), step)
        ]
    finally:
        head.output_form = before
    return np.concatenate(parts).astype(np.float32)


def chain(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers in the order in which they compute; models in the model are laid flat."""
    if type(model).__name__ not in ("Sequential", "Functional") or not type(model).__module__.startswith("keras."):
        raise ValueError(f"the model is {type(model).__name__}, expected a Sequential or Functional model, not a class of its own")
    if not model.built or not getattr(model, "inputs", None):
        raise ValueError("the model was not built, expected one with an Input, or that was called once")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{len(model.inputs)} inputs and {len(model.outputs)} outputs, expected one of each")
    if not isinstance(model, keras.Sequential):
        previous = None
        for layer in model.get_config()["layers"]:
            sources = _sources(layer["inbound_nodes"])
            if sources != ([] if previous is None else [previous]):
                raise ValueError(f"layer {layer['name']!r} reads {sources}, expected {previous!r} alone: a chain of layers")
            previous = layer["name"]
        written = {layer.name for layer in model.layers}
        others = [layer["name"] for layer in model.get_config()["layers"] if layer["name"] not in written]
        if others:
            raise ValueError(f"{others[0]!r} is an operation and no layer, expected layers alone: a chain of layers")
    layers: list[keras.layers.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            layers += chain(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            layers.append(layer)
    if not layers:
        raise ValueError("the model has no layers")
    return layers


def _sources(nodes: Any) -> list[str]:
    """The layers that the tensors in a serialised call come from."""
    if isinstance(nodes, dict):
        if nodes.get("class_name") == "__keras_tensor__":
            return [nodes["config"]["keras_history"][0]]
        nodes = list(nodes.values())
    return [name for node in nodes for name in _sources(node)] if isinstance(nodes, (list, tuple)) else []


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


class _Writer:
    """Takes layers one after another."""

    def __init__(self, output_form: str | None, head: keras.layers.Layer) -> None:
        self.layers: list[dict[str, Any]] = []
        self.tensors: dict[str, np.ndarray] = {}
        self.preprocessing: dict[str, float] | None = None
        self._output_form, self._head = output_form, head

    def add(self, layer: keras.layers.Layer) -> None:
        kind = type(layer).__name__
        known = layer.__class__.__module__.startswith("keras.") or isinstance(layer, RBFLayer)
        if not known or kind not in _LAYERS:
            raise ValueError(
                f"layer {layer.name!r} is {kind}, which export does not write: save the model with model.save, and"
                " `radial convert` and `radial calibrate` read the layers of most .keras files"
            )
        if layer.dtype_policy.name not in ("float32", "float64"):
            raise ValueError(f"layer {layer.name!r} computes in {layer.dtype_policy.name}, expected float32")
        if getattr(layer, "data_format", "channels_last") == "channels_first":
            raise ValueError(f"layer {layer.name!r} is channels_first, expected channels_last")
        _LAYERS[kind](self, layer)

    def put(self, kind: str, layer: keras.layers.Layer, tensors: dict[str, Any] | None = None, **members: Any) -> None:
        self.layers.append({"type": kind, "name": layer.name, **members})
        for part, tensor in (tensors or {}).items():
            if tensor is not None:
                self.tensors[f"{layer.name}.{part}"] = np.asarray(keras.ops.convert_to_numpy(tensor), np.float32)

    def activation(self, layer: keras.layers.Layer) -> str:
        name = keras.activations.serialize(layer.activation)
        if isinstance(name, dict):
            name = name.get("registered_name")
        elif getattr(layer.activation, "__module__", "").split(".")[0] not in ("keras", "train"):
            name = None  # a function of the user's that is called as one of Keras'
        name = "swish" if name == "silu" else name
        if not isinstance(name, str) or name not in _ACTIVATIONS:
            raise ValueError(
                f"layer {layer.name!r} has the activation {layer.activation!r}, expected one of {', '.join(sorted(_ACTIVATIONS))}"
            )
        return _ACTIVATIONS[name]

    def flat(self, layer: Any) -> None:
        """Refuses a layer of rows that is given something else: the file has these of flat rows alone."""
        if len(layer.input.shape) != 2:
            raise ValueError(f"layer {layer.name!r} is given {tuple(layer.input.shape[1:])}, expected a flat row: put a Flatten before it")

    def rescaling(self, layer: Any) -> None:
        if self.layers or self.preprocessing is not None:
            raise ValueError(f"layer {layer.name!r}: a Rescaling is written only where it comes first")
        if not all(isinstance(value, (int, float)) for value in (layer.scale, layer.offset)):
            raise ValueError(f"layer {layer.name!r}: expected one number each for scale and offset")
        self.preprocessing = {"scale": float(layer.scale), "offset": float(layer.offset)}

    def dense(self, layer: Any) -> None:
        self.flat(layer)
        self.put(
            "dense", layer, {"kernel": layer.kernel, "bias": layer.bias}, units=layer.units, use_bias=layer.use_bias,
            activation=self.activation(layer),
        )  # fmt: skip

    def rbf(self, layer: RBFLayer) -> None:
        self.flat(layer)
        gamma = float(np.float32(keras.ops.convert_to_numpy(layer.gamma)))  # a double's digits bring a float32 back exactly
        form = self._output_form if layer is self._head and self._output_form else layer.output_form
        members: dict[str, Any] = {"units": layer.units, "output": form}
        if not 0 < gamma < np.inf:
            raise ValueError(f"layer {layer.name!r} has gamma {gamma}, expected a positive number of float32")
        if form != "distance":
            members["scale"] = gamma
        self.put("rbf", layer, {"centers": layer.centers}, **members, centers_layout="features_units")

    def _window(self, layer: Any, size: str) -> dict[str, Any]:
        return {size: _pair(getattr(layer, size)), "strides": _pair(layer.strides), "padding": layer.padding}

    def convolution(self, layer: Any) -> None:
        more: dict[str, Any] = {} if layer.groups == 1 else {"groups": layer.groups}
        if _pair(layer.dilation_rate) != [1, 1]:
            more["dilation_rate"] = _pair(layer.dilation_rate)
        self.put(
            "conv2d", layer, {"kernel": layer.kernel, "bias": layer.bias}, filters=layer.filters,
            use_bias=layer.use_bias, activation=self.activation(layer), **self._window(layer, "kernel_size"), **more,
        )  # fmt: skip

    def depthwise(self, layer: Any) -> None:
        kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel))  # [h, w, in, multiplier]
        height, width, channels, multiplier = kernel.shape
        more = {} if _pair(layer.dilation_rate) == [1, 1] else {"dilation_rate": _pair(layer.dilation_rate)}
        self.put(
            "conv2d", layer, {"kernel": kernel.reshape(height, width, 1, -1), "bias": layer.bias},
            filters=channels * multiplier, groups=channels, use_bias=layer.use_bias,
            activation=self.activation(layer), **self._window(layer, "kernel_size"), **more,
        )  # fmt: skip

    def pooling(self, kind: str) -> Callable[[Any], None]:
        return lambda layer: self.put(kind, layer, **self._window(layer, "pool_size"))

    def batch_normalization(self, layer: Any) -> None:
        if len(layer.input.shape) == 3:
            raise ValueError(f"layer {layer.name!r} is given {tuple(layer.input.shape[1:])}, expected a flat row or an image")
        if layer.axis not in (-1, len(layer.input.shape) - 1):
            raise ValueError(f"layer {layer.name!r} normalises axis {layer.axis}, expected the last")
        parts = {"moving_mean": layer.moving_mean, "moving_variance": layer.moving_variance}
        if layer.center:
            parts["beta"] = layer.beta
        if layer.scale:
            parts["gamma"] = layer.gamma
        self.put("batch_normalization", layer, parts, epsilon=layer.epsilon, center=layer.center, scale=layer.scale)

    def activation_layer(self, layer: Any) -> None:
        if self.activation(layer) == "softmax":
            self.flat(layer)
        self.put("activation", layer, activation=self.activation(layer))

    def relu(self, layer: Any) -> None:
        more: dict[str, Any] = {} if layer.max_value is None else {"max_value": float(layer.max_value)}
        self.put("relu", layer, negative_slope=float(layer.negative_slope), threshold=float(layer.threshold), **more)

    def leaky_relu(self, layer: Any) -> None:
        self.put("activation", layer, activation="leaky_relu", negative_slope=float(layer.negative_slope))

    def zero_padding(self, layer: Any) -> None:
        self.put("zero_padding2d", layer, padding=[list(pair) for pair in layer.padding])

    def reshape(self, layer: Any) -> None:
        self.put("reshape", layer, target_shape=[-1 if size is None else size for size in layer.target_shape])


_ACTIVATIONS = {
    name: name
    for name in (
        "linear", "relu", "sigmoid", "softplus", "elu", "selu", "swish", "softmax", "tanh", "scaled_tanh",
        "hard_sigmoid", "relu6", "softsign", "exponential",
    )
} | {"radial>scaled_tanh": "scaled_tanh"}  # fmt: skip
"""By the name that Keras serialises. Its gelu is the form with erf only where it is called so, and leaky_relu has its number."""

_LAYERS: dict[str, Callable[[_Writer, Any], None]] = {
    "Rescaling": _Writer.rescaling,
    "Dense": _Writer.dense,
    "RBFLayer": _Writer.rbf,
    "Conv2D": _Writer.convolution,
    "DepthwiseConv2D": _Writer.depthwise,
    "AveragePooling2D": lambda writer, layer: writer.pooling("average_pooling2d")(layer),
    "MaxPooling2D": lambda writer, layer: writer.pooling("max_pooling2d")(layer),
    "GlobalAveragePooling2D": lambda writer, layer: writer.put("global_average_pooling2d", layer, keepdims=layer.keepdims),
    "GlobalMaxPooling2D": lambda writer, layer: writer.put("global_max_pooling2d", layer, keepdims=layer.keepdims),
    "BatchNormalization": _Writer.batch_normalization,
    "Flatten": lambda writer, layer: writer.put("flatten", layer),
    "Reshape": _Writer.reshape,
    "ZeroPadding2D": _Writer.zero_padding,
    "Activation": _Writer.activation_layer,
    "ReLU": _Writer.relu,
    "LeakyReLU": _Writer.leaky_relu,
} | {
    name: lambda writer, layer: None
    for name in ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization")
}
