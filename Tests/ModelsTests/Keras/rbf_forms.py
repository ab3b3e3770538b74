"""Writes rbf_forms.zip, Keras' files of layers with every `--rbf-form` beyond those of rbf_table.py, and rbf_forms.json, with Keras' answers.

Run with Keras 3: KERAS_BACKEND=jax python rbf_forms.py. The files here were written by Keras 3.15.1 with JAX. Without the flag each is
refused; with it the answers are to be those of Keras.
"""

import json
import os
import tempfile
import zipfile

import keras
import numpy as np
from keras import layers, ops

folder = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(13)
keras.utils.set_random_seed(13)
FEATURES, UNITS = 6, 4


def over_sum(y, epsilon=0.0):
    return y / (epsilon + ops.sum(y, axis=-1, keepdims=True))


# Of the squared distances q and the number or vector v: the form, what the number is called, whether each unit may have one.
FORMS = [
    ("scaled-distance", "scale", True, lambda q, v: v * q),
    ("euclidean", None, False, lambda q, v: ops.sqrt(q)),
    ("negative-euclidean", None, False, lambda q, v: -ops.sqrt(q)),
    ("negative-euclidean", "scale", True, lambda q, v: -v * ops.sqrt(q)),
    ("negative-euclidean-temperature", "temperature", True, lambda q, v: -ops.sqrt(q) / v),
    ("exponential-gamma", "gamma", True, lambda q, v: ops.exp(-v * ops.sqrt(q))),
    ("exponential-length", "length_scale", True, lambda q, v: ops.exp(-ops.sqrt(q) / v)),
    ("inverse-quadratic-gamma", "gamma", True, lambda q, v: 1 / (1 + v * q)),
    ("inverse-quadratic-epsilon", "epsilon", True, lambda q, v: 1 / (1 + v**2 * q)),
    ("inverse-multiquadric-gamma", "beta", True, lambda q, v: 1 / ops.sqrt(1 + v * q)),
    ("inverse-multiquadric-epsilon", "eps", True, lambda q, v: 1 / ops.sqrt(1 + v**2 * q)),
    ("multiquadric-gamma", "gamma", True, lambda q, v: ops.sqrt(1 + v * q)),
    ("multiquadric-epsilon", "epsilon", True, lambda q, v: ops.sqrt(1 + (v**2) * q)),
    ("matern32", "length_scale", True, lambda q, v: (1 + ops.sqrt(3 * q) / v) * ops.exp(-ops.sqrt(3 * q) / v)),
    ("matern52", "length_scale", True,
     lambda q, v: (1 + ops.sqrt(5 * q) / v + 5 * q / (3 * v**2)) * ops.exp(-ops.sqrt(5 * q) / v)),
    ("student-t", "alpha", False, lambda q, v: (1 + q / v) ** (-(v + 1) / 2)),
    ("normalized-student-t", "alpha", False, lambda q, v: over_sum((1 + q / v) ** (-(v + 1) / 2))),
    ("normalized-gaussian-gamma", "gamma", True, lambda q, v: over_sum(ops.exp(-v * q))),
    ("normalized-gaussian-sigma", "sigma", True, lambda q, v: over_sum(ops.exp(-q / (2 * v**2)))),
]


def layer_class(function, variable, shape, constant):
    class KernelHead(layers.Layer):
        def __init__(self, **keywords):
            super().__init__(**{key: value for key, value in keywords.items() if key not in ("units", *constant)})

        def build(self, inputs):
            self.c = self.add_weight(name="prototypes", shape=(UNITS, inputs[1]), initializer="glorot_uniform")
            if variable:
                self.v = self.add_weight(name=variable, shape=shape, initializer="ones")

        def call(self, x):
            q = ops.sum((x[:, None, :] - self.c[None]) ** 2, axis=-1)
            return function(q, self.v if variable else next(iter(constant.values()), None))

        def get_config(self):
            return {**super().get_config(), "units": UNITS, **constant}

    return KernelHead


cases, files = [], {}
for form, name, is_per_unit, function in FORMS:
    ways = [(None, (), {})] if name is None else [(None, (), {name: 0.7}), (name, (), {})]
    if is_per_unit:
        ways.append((name, (UNITS,), {}))
    for variable, shape, constant in ways:
        model = keras.Sequential([keras.Input((FEATURES,)), layer_class(function, variable, shape, constant)()])
        for weight in model.weights:
            if len(weight.shape) < 2:
                weight.assign(random.uniform(0.4, 1.6, weight.shape))
        x = random.uniform(-1, 1, (3, FEATURES)).round(3).astype("float32")
        x[2] *= 4
        y = ops.convert_to_numpy(model(x, training=False))
        for kind in ("keras", "h5"):
            file = f"{len(cases):03d}.{kind}"
            with tempfile.TemporaryDirectory() as temporary:
                model.save(f"{temporary}/m.{kind}")
                with open(f"{temporary}/m.{kind}", "rb") as written:
                    files[file] = written.read()
            members = [*constant, *([variable] if variable else [])]
            cases.append({
                "file": file, "layer": f"KernelHead({', '.join(members)})", "computes": form, "expected": "refused",
                "told": "served", "flags": {"form": form},
                "inputs": [[round(float(v), 3) for v in row] for row in x],
                "outputs": [[float(f"{v:.8g}") for v in row] for row in y],
            })

whole = b""
for case in sorted(cases, key=lambda c: c["file"][::-1]):
    case["offset"], case["bytes"] = len(whole), len(files[case["file"]])
    whole += files[case["file"]]
with zipfile.ZipFile(f"{folder}/rbf_forms.zip", "w") as archive:
    archive.writestr(zipfile.ZipInfo("files", (2026, 1, 1, 0, 0, 0)), whole, zipfile.ZIP_DEFLATED, 9)
with open(f"{folder}/rbf_forms.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases))
