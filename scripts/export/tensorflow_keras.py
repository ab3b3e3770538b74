"""Trains Keras networks for a moment and exports each: with Keras' own export, with tf2onnx of the SavedModel, and of a function.

tensorflow_keras.py FOLDER [NETWORK…]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf
import tf2onnx.convert
from keras import layers, ops

from case import Array, Case, blobs, questions

EXPORTERS = ("Keras export", "tf2onnx SavedModel", "tf2onnx function")


class RBF(layers.Layer):
    """function(q, v): of squared distances q [N, units], and v, one positive number or one a unit."""

    def __init__(self, units: int, function: Callable[[Any, Any], Any], way: str = "difference", per_unit: bool = False, **names: Any) -> None:
        super().__init__(**names)
        self.units, self.function, self.way, self.per_unit = units, function, way, per_unit

    def build(self, shape: tuple[int, ...]) -> None:
        self.centers = self.add_weight(shape=(self.units, shape[-1]), initializer="random_normal", name="centers")
        self.width = self.add_weight(shape=(self.units if self.per_unit else 1,), initializer=keras.initializers.RandomUniform(0.3, 0.8))

    def squares(self, x: Any) -> Any:
        c = self.centers
        match self.way:
            case "difference":
                return ops.sum(ops.square(ops.expand_dims(x, 1) - c), axis=-1)
            case "columns":
                return ops.sum((x[:, :, None] - ops.transpose(c)) ** 2, axis=1)
            case "norm":
                return ops.norm(ops.expand_dims(x, 1) - c, axis=-1) ** 2
            case "einsum":
                return ops.einsum("nud,nud->nu", x[:, None] - c, x[:, None] - c)
            case "expansion":
                product = ops.matmul(x, ops.transpose(c))
                return ops.sum(x * x, axis=1, keepdims=True) - 2 * product + ops.sum(c * c, axis=1)
        raise AssertionError(self.way)

    def call(self, x: Any) -> Any:
        return self.function(self.squares(x), self.width)


def gaussian(way: str = "difference", per_unit: bool = False) -> RBF:
    return RBF(5, lambda q, v: ops.exp(-v * q), way, per_unit)


@dataclass
class Network:
    layers: list[layers.Layer]
    shape: tuple[int, ...] = (8,)
    far: float = 25.0
    # Words of the refusal by exporter, or by "" where it is one for all.
    refused: dict[str, str] | None = None
    batch: int | None = None


def networks() -> dict[str, Network]:
    def mlp(*behind: layers.Layer, activation: str = "relu") -> list[layers.Layer]:
        return [layers.Dense(16, activation), *behind]

    table = {f"Keras, Gaussian by {way}": Network(mlp(gaussian(way))) for way in ("difference", "columns", "norm", "expansion")}
    table |= {f"Keras, {name}": Network(mlp(gaussian(), activation=name)) for name in ("swish", "elu", "selu", "softplus", "softsign", "hard_sigmoid")}
    table |= {
        # An operator that ONNX does not have, nor ONNX Runtime.
        "Keras, gelu": Network(mlp(gaussian(), activation="gelu"), refused={"": "'Erfc' is not served"}),
        "Keras, a width a unit": Network(mlp(gaussian(per_unit=True))),
        "Keras, distance": Network(mlp(RBF(5, lambda q, v: ops.sqrt(q)))),
        "Keras, Student-t": Network(mlp(RBF(5, lambda q, v: 1 / (1 + q / v)))),
        "Keras, normalised": Network(mlp(RBF(5, lambda q, v: ops.exp(-v * q) / (ops.sum(ops.exp(-v * q), axis=-1, keepdims=True) + 1e-6)))),
        "Keras, prototypes and softmax": Network(mlp(RBF(5, lambda q, v: -q), layers.Softmax())),
        "Keras, softmax": Network(mlp(layers.Dense(5, "softmax"))),
        "Keras, read-out": Network([RBF(12, lambda q, v: ops.exp(-v * q)), layers.Dense(5)]),
        # Both of these exporters take the layer's constants for inputs of the graph.
        "Keras, standardised": Network(
            [layers.Normalization(mean=[0.1] * 8, variance=[1.7] * 8), *mlp(gaussian())],
            refused={"Keras export": "3 inputs", "tf2onnx function": "3 inputs"}),
        "Keras, batch normalisation": Network([layers.Dense(16), layers.BatchNormalization(), layers.Activation("relu"), gaussian()]),
        "Keras, layer normalisation": Network([layers.Dense(16), layers.LayerNormalization(), gaussian()], refused={"": "sums of this kind"}),
        "Keras, PReLU": Network([layers.Dense(16), layers.PReLU(), gaussian()], refused={"": "none of the activations"}),
        "Keras, Gaussian by einsum": Network(mlp(gaussian("einsum")), refused={"": "'ReduceProd' is not served"}),
        "Keras, unit normalisation": Network([*mlp(layers.UnitNormalization()), gaussian()], refused={"": "is not served"}),
        "Keras, dropout and noise": Network([layers.GaussianNoise(0.1), *mlp(layers.Dropout(0.3)), gaussian()]),
        "Keras, fixed batch": Network(mlp(gaussian()), batch=1),
        "Keras, LeNet-5": Network(
            [layers.Conv2D(6, 5, padding="same", activation="tanh"), layers.AveragePooling2D(2), layers.Conv2D(16, 5, activation="tanh"),
             layers.AveragePooling2D(2), layers.Flatten(), layers.Dense(120, "tanh"), layers.Dense(84, "tanh"), gaussian()],
            (28, 28, 1), 4.0),
        "Keras, CNN": Network(
            [layers.Conv2D(8, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2),
             layers.Conv2D(12, 3, strides=2, padding="same", activation="relu"), layers.GlobalAveragePooling2D(), gaussian()],
            (14, 12, 3), 4.0),
        "Keras, depthwise": Network(
            [layers.DepthwiseConv2D(3, padding="same"), layers.ReLU(6), layers.SeparableConv2D(8, 3, activation="relu"),
             layers.GlobalMaxPooling2D(), gaussian()],
            (10, 10, 3), 4.0),
        "Keras, padding": Network(
            [layers.ZeroPadding2D(((1, 0), (2, 1))), layers.Conv2D(4, 3, dilation_rate=2), layers.LeakyReLU(), layers.Flatten(), gaussian()],
            (9, 9, 1), 4.0),
        "Keras, channels first": Network(
            [layers.Permute((2, 3, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(5)], (2, 8, 8), 4.0),
        "Keras, pixels": Network([layers.Rescaling(1 / 255), layers.Flatten(), *mlp(gaussian())], (6, 6, 1)),
        "Keras, sequences": Network([layers.Conv1D(6, 3, activation="relu"), layers.GlobalMaxPooling1D(), gaussian()], (12, 3), refused={"": "no image"}),
        "Keras, LSTM": Network([layers.LSTM(6), gaussian()], (5, 3), refused={"": "'LSTM' is not served"}),
        "Keras, MLP of images": Network([layers.Flatten(), *mlp(gaussian())], (6, 6, 1)),
    }  # fmt: skip
    return table


def train(model: keras.Model, network: Network, classes: int = 5) -> None:
    rows, labels = blobs(network.shape, classes)
    model.compile(keras.optimizers.Adam(3e-3), "mse")
    model.fit(rows, np.eye(classes, dtype=np.float32)[labels], batch_size=network.batch or 32, epochs=3, verbose=0)


def in_double(model: keras.Model, network: Network, rows: Array) -> tuple[Array, Array | None]:
    """Outputs and squared distances of the same weights, computed in Float64."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        twin = build([copied(layer) for layer in network.layers], network)
    finally:
        keras.config.set_dtype_policy(policy)
    twin.set_weights([weight.astype(np.float64) for weight in model.get_weights()])
    head = twin.layers[-1]
    outputs = twin(tf.constant(rows, tf.float64), training=False).numpy()
    if not isinstance(head, RBF):
        return outputs, None
    embedding = keras.Model(twin.inputs, head.input)(tf.constant(rows, tf.float64), training=False)
    return outputs, head.squares(embedding).numpy()


def copied(layer: layers.Layer) -> layers.Layer:
    if isinstance(layer, RBF):
        return RBF(layer.units, layer.function, layer.way, layer.per_unit, dtype="float64")
    return type(layer).from_config({**layer.get_config(), "dtype": "float64"})


def build(some: list[layers.Layer], network: Network) -> keras.Model:
    return keras.Sequential([keras.Input(network.shape, batch_size=network.batch), *some])


def export(model: keras.Model, path: Path, network: Network, exporter: str) -> None:
    if exporter == "Keras export":
        model.export(path, format="onnx", verbose=False)
    elif exporter == "tf2onnx SavedModel":
        model.export(path.parent / "saved", format="tf_saved_model", verbose=False)
        sys.argv = ["tf2onnx.convert", "--saved-model", str(path.parent / "saved"), "--output", str(path)]
        tf2onnx.convert.main()
    else:
        signature = [tf.TensorSpec((network.batch, *network.shape), tf.float32, name="x")]
        tf2onnx.convert.from_function(tf.function(lambda x: model(x, training=False)), signature, output_path=str(path))


def main(root: Path, chosen: list[str]) -> None:
    keras.utils.set_random_seed(21)
    for name, network in networks().items():
        if chosen and name not in chosen:
            continue
        model = build(network.layers, network)
        train(model, network)
        rows = questions(network.shape, 5, network.far)
        single = np.concatenate([model(row[None], training=False).numpy() for row in rows])
        double, squares = in_double(model, network, rows)
        widest = max(weight.size // weight.shape[-1] for weight in model.get_weights() if weight.ndim > 1)
        for exporter in EXPORTERS:
            refused = None if network.refused is None else network.refused.get(exporter, network.refused.get(""))
            case = Case(name, exporter, widest, refused)
            folder = case.folder(root)
            folder.mkdir(parents=True)
            try:
                export(model, folder / "model.onnx", network, exporter)
            except Exception as error:  # noqa: BLE001  # whatever an exporter cannot do
                case.fail(root, error)
                continue
            case.write(root, rows, single, double, squares)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
