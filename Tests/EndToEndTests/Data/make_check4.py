"""Makes check4.h5, a legacy Keras file of one RBF layer (exp(-0.5 d2), 4 features, 2 units), and what is compared with it:

check4-rows.npy [8, 4]; check4-outputs.npy, the layer's answers; check4-distances.npy, squared; check4-half.npy, the answers of a layer
with the same class, variables and configuration that computes exp(-gamma d2 / 2). Needs h5py and numpy.
"""

import json
from pathlib import Path

import h5py
import numpy as np

here = Path(__file__).parent
gamma = 0.5
centers = np.array([[0.1, 0.9], [0.2, -0.4], [0.3, 0.5], [0.4, -0.1]], np.float32)
layers = [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 4]}},
    {"class_name": "RBFLayer", "config": {"name": "rbf", "units": 2, "gamma": gamma}},
]
with h5py.File(here / "check4.h5", "w") as file:
    file.attrs["keras_version"] = "2.15.0"
    file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [b"rbf"]
    own = group.create_group("rbf")
    own.attrs["weight_names"] = [b"rbf/mu:0"]
    own["rbf/mu:0"] = centers

rows = np.random.default_rng(9).normal(size=(8, 4)).astype(np.float32)
distances = np.square(rows[:, :, None].astype(np.float64) - centers[None]).sum(1)
for name, values in {
    "rows": rows,
    "distances": distances,
    "outputs": np.exp(-gamma * distances),
    "half": np.exp(-gamma * distances / 2),
}.items():
    np.save(here / f"check4-{name}.npy", values.astype(np.float32))
