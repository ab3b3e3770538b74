"""Writes almost/: layers whose variables lie in another order than most, and members that Keras 1 had too, with Keras' own answers.

Run with Keras 3: KERAS_BACKEND=numpy python make_almost.py. The files here were written by Keras 3.15.1.
"""

import json
import os

import keras
import numpy as np
from keras import layers, ops

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "almost")
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(7)


class BetaRBFLayer(layers.Layer):
    """exp(-beta d^2) as rbf_keras has it, its centers fixed, so that Keras lists them behind the trained betas."""

    def __init__(self, output_dim, **options):
        super().__init__(**options)
        self.output_dim = output_dim

    def build(self, shape):
        self.centers = self.add_weight(
            name="centers", shape=(self.output_dim, shape[-1]), initializer="uniform", trainable=False
        )
        self.betas = self.add_weight(name="betas", shape=(self.output_dim,), initializer="ones")

    def call(self, x):
        return ops.exp(-self.betas * ops.sum((x[:, None, :] - self.centers[None]) ** 2, axis=-1))

    def get_config(self):
        return {**super().get_config(), "output_dim": self.output_dim}


model = keras.Sequential([keras.Input((4,)), layers.Dense(5, activation="tanh"), BetaRBFLayer(3)])
model.set_weights([random.normal(0, 0.5, w.shape) if w.ndim == 2 else random.uniform(0.3, 1, w.shape) for w in model.get_weights()])
rows = random.normal(0, 1, (6, 4)).astype("float32")
outputs = ops.convert_to_numpy(model(rows))
for form in ["keras", "h5", "weights.h5"]:
    path = os.path.join(folder, f"fixed_centers.{form}")
    model.save_weights(path) if form == "weights.h5" else model.save(path)
with open(os.path.join(folder, "fixed_centers.config.json"), "w") as file:
    file.write(model.to_json())
with open(os.path.join(folder, "fixed_centers.json"), "w") as file:
    json.dump({"inputs": rows.tolist(), "outputs": outputs.tolist()}, file)
