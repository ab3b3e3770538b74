"""Writes layers.zip, chains of Keras' own layers with and without an RBF layer, and layers.json, Keras' answers or why a file is refused.

Run with Keras 3: KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_layers.py. The files here were written by Keras 3.15.1 with JAX.

"outputs64" is what Keras computes of the same weights and inputs in float64; "keras_error" is the largest difference between that and
its float32.
"""

import json
import os
import tempfile
import zipfile

import keras
import numpy as np
from keras import layers, ops

folder = os.path.dirname(os.path.abspath(__file__))


@keras.saving.register_keras_serializable("own")
class RBFLayer(layers.Layer):
    """exp(-gamma d2) with one constant gamma; centers (features, units)."""

    def __init__(self, units, gamma, **keywords):
        super().__init__(**keywords)
        self.units, self.gamma = units, gamma

    def build(self, shape):
        self.mu = self.add_weight(name="mu", shape=(shape[1], self.units), initializer="uniform")

    def call(self, x):
        return ops.exp(-self.gamma * ops.sum((ops.expand_dims(x, -1) - self.mu) ** 2, axis=1))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "gamma": self.gamma}


def image(*chain, shape=(9, 8, 3)):
    return [keras.Input(shape), *chain]


def head(units=4):
    return [layers.Flatten(), layers.Dense(units, activation="softmax")]


# Each is called anew for float32 and float64.
served = {
    # Classifiers and regressors without an RBF layer.
    "softmax": lambda: [keras.Input((6,)), layers.Dense(9, activation="relu"), layers.Dense(5, activation="softmax")],
    "softmax_layer": lambda: [keras.Input((6,)), layers.Dense(5), layers.Softmax(), layers.Dropout(0.3)],
    "softmax_activation": lambda: [keras.Input((6,)), layers.Dense(5), layers.Activation("softmax")],
    "sigmoid": lambda: [keras.Input((6,)), layers.Dense(9, activation="tanh"), layers.Dense(1, activation="sigmoid")],
    "sigmoids": lambda: [keras.Input((6,)), layers.Dense(3, activation="sigmoid")],
    "logits": lambda: [keras.Input((6,)), layers.Dense(3)],
    "regressor": lambda: [keras.Input((6,)), layers.Dense(9, activation="elu"), layers.Dense(1)],
    "rbf_softmax": lambda: [keras.Input((6,)), RBFLayer(7, 0.3), layers.Dense(3, activation="softmax")],
    # Poolings, paddings, crops.
    "global_average": lambda: image(
        layers.Conv2D(6, 3, activation="relu"), layers.GlobalAveragePooling2D(), RBFLayer(5, 0.5)),
    "global_max": lambda: image(
        layers.Conv2D(6, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(4, activation="softmax")),
    "global_keepdims": lambda: image(
        layers.Conv2D(6, 3), layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(4, 1), layers.Flatten(),
        layers.Softmax()),
    "zero_padding": lambda: image(
        layers.ZeroPadding2D(((1, 0), (2, 3))), layers.Conv2D(5, 3), layers.ZeroPadding2D(2), layers.MaxPooling2D(2),
        *head()),
    "cropping": lambda: image(
        layers.Cropping2D(((1, 2), (0, 3))), layers.Conv2D(5, 3), layers.Cropping2D(1), *head()),
    "center_crop": lambda: image(layers.CenterCrop(6, 5), layers.Conv2D(5, 3), *head()),
    # Convolutions.
    "depthwise": lambda: image(
        layers.DepthwiseConv2D(3, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2), *head()),
    "separable": lambda: image(
        layers.SeparableConv2D(20, 3, padding="same", activation="swish"),
        layers.SeparableConv2D(6, (2, 3), depth_multiplier=2, use_bias=False), *head()),
    "grouped": lambda: image(
        layers.Conv2D(6, 1), layers.Conv2D(40, 3, groups=2, padding="same", activation="tanh"),
        layers.Conv2D(8, 2, groups=4, strides=2), *head()),
    "dilated": lambda: image(
        layers.Conv2D(6, 3, dilation_rate=2), layers.Conv2D(5, (2, 3), dilation_rate=(3, 1), padding="same"),
        layers.DepthwiseConv2D(2, dilation_rate=2, padding="same"), *head()),
    "mobile": lambda: image(
        layers.Rescaling(1 / 127.5, offset=-1), layers.ZeroPadding2D(((0, 1), (0, 1))),
        layers.Conv2D(8, 3, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU(6.0),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(6.0),
        layers.Conv2D(12, 1, use_bias=False), layers.BatchNormalization(), layers.GlobalAveragePooling2D(),
        layers.Dense(4, activation="softmax"), shape=(16, 16, 3)),
    "dense_of_cells": lambda: image(layers.Dense(7, activation="relu"), layers.Dense(4), *head()),
    # Sequences.
    "conv1d": lambda: [
        keras.Input((20, 3)), layers.Conv1D(8, 5, activation="relu"), layers.MaxPooling1D(2),
        layers.Conv1D(6, 3, padding="same", strides=2), layers.AveragePooling1D(2, padding="same"),
        layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax")],
    "conv1d_causal": lambda: [
        keras.Input((20, 3)), layers.Conv1D(8, 3, padding="causal", dilation_rate=2), layers.BatchNormalization(),
        layers.Conv1D(4, 2, groups=2, dilation_rate=4), layers.GlobalMaxPooling1D(), RBFLayer(3, 0.5)],
    "conv1d_depthwise": lambda: [
        keras.Input((20, 3)), layers.DepthwiseConv1D(3, depth_multiplier=2), layers.SeparableConv1D(5, 3),
        layers.Cropping1D((1, 2)), layers.ZeroPadding1D((2, 0)), layers.Flatten(), layers.Dense(3, activation="softmax")],
    "sequence": lambda: [
        keras.Input((12, 4)), layers.LayerNormalization(), layers.Dense(6, activation="relu"),
        layers.PReLU(shared_axes=[1]), layers.UnitNormalization(), layers.GlobalAveragePooling1D(keepdims=True),
        layers.Flatten(), layers.Dense(3, activation="softmax")],
    "reshaped_sequence": lambda: [
        keras.Input((24,)), layers.Reshape((12, 2)), layers.Conv1D(4, 3), layers.Permute((1, 2)),
        layers.Reshape((10, 2, 2)), layers.Conv2D(3, 2), layers.Permute((2, 1, 3)), layers.Flatten(),
        layers.Dense(3, activation="softmax")],
    # Normalisations and rectifiers.
    "layer_normalization": lambda: [
        keras.Input((30,)), layers.Dense(17), layers.LayerNormalization(epsilon=1e-5), layers.Dense(8),
        layers.LayerNormalization(center=False, scale=False), RBFLayer(4, 0.2)],
    "layer_normalization_cells": lambda: image(
        layers.LayerNormalization(scale=False), layers.Conv2D(5, 3), layers.LayerNormalization(axis=[1, 2, 3]),
        layers.LayerNormalization(axis=-1, center=False), *head()),
    "unit_normalization": lambda: [keras.Input((30,)), layers.Dense(8), layers.UnitNormalization(), RBFLayer(4, 0.7)],
    "unit_normalization_cells": lambda: image(
        layers.UnitNormalization(), layers.Conv2D(5, 3), layers.UnitNormalization(axis=[1, 2, 3]), *head()),
    "relu": lambda: [
        keras.Input((30,)), layers.Dense(20), layers.ReLU(max_value=0.8), layers.Dense(20),
        layers.ReLU(threshold=0.2), layers.Dense(20), layers.ReLU(2.0, 0.1, 0.3), layers.Dense(20),
        layers.ReLU(max_value=1.0, threshold=0.4), layers.Dense(9, activation=layers.ReLU(max_value=0.7)),
        layers.Dense(4, activation="softmax")],
    "relu_cells": lambda: image(
        layers.Conv2D(5, 3, activation=layers.ReLU(0.5)), layers.ReLU(0.4, 0.2, 0.1), *head()),
    "prelu": lambda: image(
        layers.Conv2D(5, 3), layers.PReLU(), layers.Conv2D(4, 2), layers.PReLU(shared_axes=[1, 2]), layers.Flatten(),
        layers.Dense(9), layers.PReLU(), layers.Dense(4, activation="softmax")),
    # What does nothing at inference.
    "only_training": lambda: image(
        layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.1), layers.RandomBrightness(0.1), layers.RandomCrop(9, 8), layers.Resizing(9, 8),
        layers.GaussianNoise(0.5), layers.Conv2D(5, 3), layers.SpatialDropout2D(0.5), layers.GaussianDropout(0.5),
        layers.ActivityRegularization(0.1), layers.AlphaDropout(0.1), *head()),
    "masking": lambda: [
        keras.Input((12, 4)), layers.Masking(), layers.Conv1D(5, 3), layers.Flatten(),
        layers.Dense(3, activation="softmax")],
}

# With the words that the refusal must hold.
refused = {
    "recurrent": (lambda: [keras.Input((8, 3)), layers.LSTM(4), layers.Dense(2, activation="softmax")], "(LSTM)"),
    "embedding": (
        lambda: [keras.Input((8,)), layers.Embedding(10, 3), layers.Flatten(), layers.Dense(2, activation="softmax")],
        "(Embedding)"),
    "permuted": (
        lambda: image(layers.Permute((3, 1, 2)), *head()),
        "it reorders the numbers of its inputs [9, 8, 3], which Radial does not serve"),
    "masked_average": (
        lambda: [keras.Input((8, 3)), layers.Masking(), layers.GlobalAveragePooling1D(), layers.Dense(2)],
        "it leaves out the steps that the layer"),
    "masking_of_ones": (
        lambda: [keras.Input((8, 3)), layers.Masking(1.0), layers.Flatten(), layers.Dense(2)],
        "it sets steps of 1.0 to 0, which Radial does not serve"),
    "resizing": (
        lambda: image(layers.Resizing(5, 5), *head()), "it makes images of 5x5 of those of 9x8, which Radial does not"),
    "random_crop": (
        lambda: image(layers.RandomCrop(5, 5), *head()), "it makes images of 5x5 of those of 9x8, which Radial does not"),
    "one_axis": (
        lambda: image(layers.LayerNormalization(axis=[1, 2]), *head()), "axes other than the last alone or all"),
    "softmax_of_cells": (lambda: image(layers.Conv2D(4, 3, activation="softmax"), *head()), "softmax over the channels"),
    "conv3d": (
        lambda: [keras.Input((4, 4, 4, 1)), layers.Conv3D(2, 2), layers.Flatten(), layers.Dense(2)], "(Conv3D)"),
    "group_normalization": (lambda: image(layers.GroupNormalization(3), *head()), "(GroupNormalization)"),
}


def built(make, dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    keras.utils.set_random_seed(5)
    model = keras.Sequential(make())
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    return model


def shaken(model, random):
    """Weights that no initialiser gives: biases, means and gammas are not trivial, and what is a variance stays positive."""
    for variable in model.weights:
        if "seed" in variable.path:
            continue
        scale = np.prod(variable.shape[:-1]) ** -0.5 if len(variable.shape) > 1 else 0.5
        values = random.normal(0, scale, variable.shape).astype("float32")
        if "variance" in variable.path:
            values = np.abs(values) + np.float32(0.5)
        variable.assign(values)


answers = {}
with zipfile.ZipFile(os.path.join(folder, "layers.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    with tempfile.TemporaryDirectory() as temporary:
        for name, make in {**served, **{name: case[0] for name, case in refused.items()}}.items():
            random = np.random.default_rng(len(answers))
            model = built(make, "float32")
            shaken(model, random)
            for form in ["keras", "h5"] if name in ("depthwise", "conv1d", "prelu", "separable") else ["keras"]:
                path = os.path.join(temporary, f"{name}.{form}")
                model.save(path)
                with open(path, "rb") as file:
                    information = zipfile.ZipInfo(f"{name}.{form}", (2026, 1, 1, 0, 0, 0))
                    archive.writestr(information, file.read(), zipfile.ZIP_DEFLATED)
                if name in refused:
                    answers[f"{name}.{form}"] = {"refused": refused[name][1]}
                    continue
                inputs = random.normal(0, 1, (4, *model.input_shape[1:])).astype("float32")
                if name == "mobile":
                    inputs = np.abs(inputs * 100).astype("float32")
                if name == "unit_normalization_cells":
                    inputs[3] = 0
                exact = built(make, "float64")
                for target, source in zip(exact.weights, model.weights):
                    target.assign(np.asarray(source))
                outputs64 = np.asarray(exact(inputs.astype("float64"), training=False))
                assert outputs64.dtype == np.float64
                outputs = np.asarray(model(inputs, training=False))
                answers[f"{name}.{form}"] = {
                    "inputs": [[float(f"{v:.9g}") for v in row.ravel()] for row in inputs],
                    "outputs64": outputs64.reshape(len(inputs), -1).tolist(),
                    "keras_error": float(np.abs(outputs - outputs64).max()),
                }
with open(os.path.join(folder, "layers.json"), "w") as file:
    json.dump(answers, file, separators=(",", ":"))
    file.write("\n")
print(len(answers), "files")
