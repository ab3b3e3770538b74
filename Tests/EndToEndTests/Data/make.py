"""Writes the Keras files of this folder: legacy HDF5 as Keras 2.15 saves it, exp(-0.5 d2) to random prototypes, each with an InputLayer
whose name the tests ask for.

    python make.py        (h5py and numpy)
"""

import json
import pathlib

import h5py
import numpy

FOLDER = pathlib.Path(__file__).resolve().parent
MODELS = {
    # name: (name of the input, shape of a row, classes)
    "rbf4": ("in", [4], 2),
    "image4x4x1": ("in", [4, 4, 1], 3),
    # Not ASCII, so that clients write it with escapes; not square, so that a transposed row can be told.
    "image3x5": ("entr\u00e9e", [3, 5], 2),
    # An output's name here.
    "echo4": ("distances", [4], 2),
}

for seed, (name, (input_name, shape, classes)) in enumerate(MODELS.items()):
    layers = [{"class_name": "InputLayer", "config": {"name": input_name, "batch_input_shape": [None, *shape]}}]
    if len(shape) > 1:
        layers.append({"class_name": "Flatten", "config": {"name": "flatten"}})
    layers.append({"class_name": "RBFLayer", "config": {"name": "rbf", "units": classes, "gamma": 0.5}})
    width = int(numpy.prod(shape))
    centers = numpy.random.default_rng(seed).normal(size=(width, classes)).astype("float32")
    with h5py.File(FOLDER / f"{name}.h5", "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": name, "layers": layers}})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["rbf"]
        layer = weights.create_group("rbf")
        layer.attrs["weight_names"] = ["rbf/mu:0"]
        layer.create_dataset("rbf/mu:0", data=centers)
