"""Writes the files of forms/ with Keras 3 and h5py, and beside each Keras' own answers in NAME.json.

Run after make.py: KERAS_BACKEND=jax python make_forms.py. The files here were written by Keras 3.15.1 and h5py 3.16.0.
"""

import json
import os
import zipfile

import h5py
import keras
import numpy as np
from keras import layers, ops

folder = os.path.dirname(os.path.abspath(__file__))
forms = f"{folder}/forms"
os.makedirs(forms, exist_ok=True)
random = np.random.default_rng(5)
keras.utils.set_random_seed(5)


class RBFLayer(layers.Layer):
    """exp(-gamma d2), without get_config: Keras writes the arguments of __init__ in its place, and no name."""

    def __init__(self, units, gamma, **keywords):
        super().__init__(**keywords)
        self.units, self.gamma = units, gamma

    def build(self, shape):
        self.mu = self.add_weight(name="mu", shape=(shape[1], self.units), initializer="uniform")

    def call(self, x):
        return ops.exp(-self.gamma * ops.sum((ops.expand_dims(x, -1) - self.mu) ** 2, axis=1))


class GaussianHead(RBFLayer):
    pass


def answers(name, model):
    x = random.uniform(-1, 1, (3, *model.input_shape[1:])).astype("float32")
    y = ops.convert_to_numpy(model(x, training=False))
    with open(f"{forms}/{name}.json", "w") as file:
        json.dump({"inputs": x.tolist(), "outputs": y.tolist()}, file)


def fill(model):
    for weight in model.weights:
        weight.assign(random.uniform(0.2 if "variance" in weight.name else -0.5, 0.9, weight.shape))
    return model


def dense(units=5, **keywords):
    return layers.Dense(units, activation="tanh", **keywords)


def save(name, model):
    fill(model)
    answers(name, model)
    model.save(f"{forms}/{name}.h5")
    model.save(f"{forms}/{name}.keras")
    with zipfile.ZipFile(f"{forms}/{name}.keras") as archive:
        members = [(member, archive.read(member)) for member in archive.namelist()]
    with zipfile.ZipFile(f"{forms}/{name}.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)


save("automatic", keras.Sequential([keras.Input((5,)), dense(), RBFLayer(5, 0.3), RBFLayer(3, gamma=0.4, name="head")]))
inner = keras.Sequential([keras.Input((5,)), dense(), layers.BatchNormalization(), dense(), RBFLayer(5, 0.3, name="first")])
save("automatic_nested", keras.Sequential([keras.Input((5,)), dense(), inner, dense(), GaussianHead(3, 0.4)]))

# A configuration beside the weights, of another instance: its layers have other names than those in the file.
def network(first=5):
    nested = keras.Sequential([keras.Input((first,)), dense(), dense()])
    return keras.Sequential([keras.Input((5,)), dense(first), nested, RBFLayer(3, 0.4)])


model = fill(network())
answers("weights", model)
model.save_weights(f"{forms}/weights.weights.h5")
with open(f"{forms}/weights.config.json", "w") as file:
    file.write(network().to_json())
with open(f"{forms}/other.config.json", "w") as file:
    file.write(keras.Sequential([keras.Input((5,)), dense(), dense(), RBFLayer(3, 0.4)]).to_json())
with open(f"{forms}/wider.config.json", "w") as file:
    file.write(network(6).to_json())


def copy(source, target, path="/"):
    """Groups, datasets and attributes, one by one, so that all of them get the target's version of the format."""
    for name, value in source[path].attrs.items():
        target[path].attrs[name] = value
    for name, item in source[path].items():
        place = f"{path.rstrip('/')}/{name}"
        if isinstance(item, h5py.Group):
            target.create_group(place)
            copy(source, target, place)
        else:
            target[place] = item[()]


# What HDF5's newer formats make of a file: attributes in a heap, as soon as there are more than 8; links in a heap.
for name, version, tracked in (("v108", "v108", False), ("latest", "latest", False), ("tracked", "v110", True)):
    h5py.get_config().track_order = tracked
    path = f"{forms}/rewritten.{name}.h5"
    with h5py.File(f"{folder}/nested.h5") as source, h5py.File(path, "w", libver=(version, version)) as target:
        for number in range(8):
            target.attrs[f"note {number}"] = f"of the user's own, number {number}"
        copy(source, target)

# To be refused: another program's HDF5; Keras 1, as it wrote a Dense layer; a configuration that is no text.
with h5py.File(f"{forms}/another.h5", "w", libver="latest") as file:
    file["temperature"] = np.float32(3)
for name, version in (("one", "1.2.2"), ("one.unversioned", None)):
    with h5py.File(f"{forms}/{name}.h5", "w", libver="latest") as file:
        config = {"name": "dense_1", "batch_input_shape": [None, 4], "output_dim": 3, "init": "uniform", "activation": "relu"}
        network = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": config}]}
        file.attrs["model_config"] = np.bytes_(json.dumps(network))
        if version:
            file.attrs["keras_version"] = np.bytes_(version)
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"dense_1"])
with h5py.File(f"{forms}/number.h5", "w", libver="latest") as file:
    file.attrs["model_config"] = 7
# A group that holds itself twice: there is no end of paths in it.
with h5py.File(f"{forms}/endless.weights.h5", "w", libver="latest") as file:
    group = file.create_group("layers/other")
    group["one"] = group["two"] = group
