"""Writes golden cases of normalisations with large means into ../Golden/, as Golden's other cases are: weights.safetensors, model.keras
and vectors.json with Keras' answers (float32), those of the same network in Float64, and the squared distances.

Run with Keras 3 and any backend: KERAS_BACKEND=jax python make_golden.py. The cases here were written by Keras 3.15.1 with JAX.
"""

import json
import os
import struct

import keras
import numpy as np
from keras import layers, ops

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Golden")


@keras.saving.register_keras_serializable("golden")
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


def safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        raw = values.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def case(name, mean, deviation, kind, seed):
    random = np.random.default_rng(seed)
    features, units, gamma = 12, 5, 0.125
    means = (mean + random.uniform(-1, 1, features) * deviation).astype("f4")
    variances = (random.uniform(0.5, 2, features) * deviation**2).astype("f4")
    centers = random.uniform(-1.5, 1.5, (features, units)).astype("f4")
    rows = (mean + random.uniform(-2, 2, (8, features)) * deviation).astype("f4")
    # A row whose normalised form is the first center, as nearly as Float32 has it.
    rows[7] = means + centers[:, 0] * np.sqrt(variances)

    if kind == "normalization":
        first = layers.Normalization(name="normalization")
        network = keras.Sequential([keras.Input((features,)), first, RBFLayer(units, gamma, name="rbf_layer")])
        first.set_weights([means, variances, np.array(0)])
        first.finalize_state()
        epsilon, gammas, betas = 0.0, None, None
    else:
        first = layers.BatchNormalization(name="batch_normalization")
        network = keras.Sequential([keras.Input((features,)), first, RBFLayer(units, gamma, name="rbf_layer")])
        gammas = random.uniform(0.5, 1.5, features).astype("f4")
        betas = random.uniform(-0.5, 0.5, features).astype("f4")
        first.set_weights([gammas, betas, means, variances])
        epsilon = 0.001
    network.layers[-1].mu.assign(centers)

    exact = (rows.astype("f8") - means) / np.sqrt(variances.astype("f8") + epsilon)
    if gammas is not None:
        exact = exact * gammas.astype("f8") + betas
    distances = ((exact[:, :, None] - centers.astype("f8")) ** 2).sum(axis=1)
    outputs64 = np.exp(-gamma * distances)
    outputs = np.asarray(network(rows), dtype="f4")
    error = np.abs(outputs - outputs64)

    architecture = {
        "version": 1,
        "input_shape": [features],
        "layers": [
            {
                "type": "batch_normalization",
                "name": first.name,
                "epsilon": epsilon,
                "center": betas is not None,
                "scale": gammas is not None,
            },
            {
                "type": "rbf",
                "name": "rbf_layer",
                "units": units,
                "output": "gaussian",
                "scale": gamma,
                "centers_layout": "features_units",
            },
        ],
    }
    tensors = {f"{first.name}.moving_mean": means, f"{first.name}.moving_variance": variances}
    if gammas is not None:
        tensors |= {f"{first.name}.gamma": gammas, f"{first.name}.beta": betas}
    tensors["rbf_layer.centers"] = centers
    target = os.path.join(folder, name)
    os.makedirs(target, exist_ok=True)
    network.save(os.path.join(target, "model.keras"))
    safetensors(
        os.path.join(target, "weights.safetensors"),
        tensors,
        {"format": "radial", "radial.version": "1", "radial.architecture": json.dumps(architecture)},
    )
    with open(os.path.join(target, "vectors.json"), "w") as file:
        json.dump(
            {
                "case": name,
                "architecture": architecture,
                "inputs": [[float(x) for x in row] for row in rows],
                "outputs": [[float(x) for x in row] for row in outputs],
                "outputs64": outputs64.tolist(),
                "distances": {"rbf_layer": distances.tolist()},
                "keras_error": {"max_abs": float(error.max())},
            },
            file,
            indent=1,
        )


for number, (mean, deviation) in enumerate([(2000, 7), (15000, 3), (1e6, 30)]):
    case(f"normalization_mean_{int(mean)}", mean, deviation, "normalization", number)
case("batch_normalization_mean_15000", 15000, 3, "batch", 9)
