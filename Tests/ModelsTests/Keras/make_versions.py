"""Writes the files of versions/: models as Keras 2.13 to 2.15 saved them, on Linux and on Windows, with their answers.

Run once with each of tensorflow-cpu 2.13.1, 2.14.1 and 2.15.1. The forms of Windows are written on Linux: there
`gfile.join`, with which these versions build the groups' names, puts backslashes between the parts.
"""

import json
import ntpath
import os
import zipfile

import keras
import numpy as np
import tensorflow as tf
from keras.src.saving import saving_lib
from tensorflow.keras import layers

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "versions")
os.makedirs(folder, exist_ok=True)
version = "".join(keras.__version__.split(".")[:2])
random = np.random.default_rng(9)
keras.utils.set_random_seed(9)


@keras.utils.register_keras_serializable("own")
class RBFLayer(layers.Layer):
    """exp(-gamma d2) with one constant gamma; mu (features, units)."""

    def __init__(self, units, gamma, **keywords):
        super().__init__(**keywords)
        self.units, self.gamma = units, gamma

    def build(self, shape):
        self.mu = self.add_weight(name="mu", shape=(shape[1], self.units), initializer="uniform")
        super().build(shape)

    def call(self, x):
        return tf.exp(-self.gamma * tf.reduce_sum((tf.expand_dims(x, -1) - self.mu) ** 2, axis=1))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "gamma": self.gamma}


def sequential(*chain, shape=(5,)):
    return keras.Sequential([keras.Input(shape), *chain])


def functional(*chain, shape=(5,)):
    x = inputs = keras.Input(shape)
    for layer in chain:
        x = layer(x)
    return keras.Model(inputs, x)


def dense(**keywords):
    """Every one 5 wide, so that variables of another layer would fit, too."""
    return layers.Dense(5, **{"activation": "tanh", **keywords})


def functional_in_another_order():
    """The layers are made, and named, in another order than that in which a row passes through them."""
    last, first, middle = dense(name="dense"), dense(name="dense_2"), dense(name="dense_1")
    return functional(layers.Dropout(0.1), first, layers.ReLU(), middle, layers.ReLU(), last, RBFLayer(3, 0.3))


models = {
    "sequential": lambda: sequential(
        dense(), layers.Dropout(0.2), dense(), layers.BatchNormalization(), layers.Activation("relu"), dense(),
        layers.BatchNormalization(), RBFLayer(5, 0.2), RBFLayer(3, 0.3),
    ),
    "functional": functional_in_another_order,
    "nested": lambda: functional(
        sequential(dense(), layers.Dropout(0.2), dense()), sequential(layers.Dropout(0.2)), dense(),
        functional(dense(), layers.BatchNormalization()), sequential(dense(), RBFLayer(3, 0.3)),
    ),
    "image": lambda: sequential(
        layers.Conv2D(2, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(2, 3, padding="same"), layers.BatchNormalization(), layers.Flatten(), dense(), RBFLayer(3, 0.3),
        shape=(4, 4, 2),
    ),
    "many": lambda: sequential(*[dense() for _ in range(12)], RBFLayer(3, 0.3), shape=(5,)),
}


def save(model, path, system):
    gfile = saving_lib.tf.io.gfile
    join = gfile.join
    if system == "windows":
        # Paths that begin at the root are those of the disk; all others are groups'.
        gfile.join = lambda *parts: join(*parts) if parts[0].startswith("/") else ntpath.join(*parts)
    try:
        model.save(path)
    finally:
        gfile.join = join
    deflate(path)


def deflate(path):
    """Packs the members, which Keras only stores: a tenth of the bytes."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist() if not name.endswith("/")]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


for name, build in models.items():
    model = build()
    model.set_weights([random.uniform(0.2, 0.9, weight.shape) - 0.3 * (weight.ndim > 1) for weight in model.get_weights()])
    x = random.uniform(-1, 1, (3, *model.input_shape[1:])).astype("float32")
    y = np.asarray(model(x, training=False))
    for system in ("linux", "windows"):
        path = f"{folder}/{name}.{version}.{system}.keras"
        save(model, path, system)
    with open(f"{folder}/{name}.{version}.json", "w") as file:
        json.dump({"inputs": x.reshape(len(x), -1).tolist(), "outputs": y.tolist()}, file)
    restored = keras.models.load_model(f"{folder}/{name}.{version}.linux.keras")
    assert np.array_equal(y, np.asarray(restored(x, training=False))), "Keras itself restores other weights"

# A configuration beside a file of weights: the form of Keras 3 and that of before.
model = sequential(dense(), sequential(dense(), layers.Dropout(0.2), dense()), RBFLayer(3, 0.3))
model.set_weights([random.uniform(-0.5, 0.9, weight.shape) for weight in model.get_weights()])
x = random.uniform(-1, 1, (3, 5)).astype("float32")
with open(f"{folder}/weights.{version}.json", "w") as file:
    json.dump({"inputs": x.tolist(), "outputs": np.asarray(model(x, training=False)).tolist()}, file)
with open(f"{folder}/weights.{version}.config.json", "w") as file:
    file.write(model.to_json())
model.save_weights(f"{folder}/weights.{version}.weights.h5")
model.save_weights(f"{folder}/weights.{version}.legacy.h5")
