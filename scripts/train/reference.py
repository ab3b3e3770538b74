"""What Keras (float32) and NumPy (float64) answer for a digits-like model on the MNIST test set, to compare a server with."""

import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np


def read(path: Path):
    """(metadata, tensors) of a safetensors file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__")
    types = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors


def in_float64(metadata, tensors, pixels: np.ndarray):
    """(scores, distances), [N, C] each, in float64 from the float32 weights."""
    preprocessing = json.loads(metadata.get("radial.preprocessing", '{"scale":1,"offset":0}'))
    x = pixels.astype(np.float64) * np.float32(preprocessing["scale"]) + np.float32(preprocessing["offset"])
    for layer in json.loads(metadata["radial.architecture"])["layers"]:
        name = layer["name"]
        if layer["type"] == "dense":
            x = np.tanh(x @ tensors[f"{name}.kernel"].astype(np.float64) + tensors[f"{name}.bias"])
        else:
            centers = tensors[f"{name}.centers"].astype(np.float64)
            distances = np.stack([((x - centers[:, c]) ** 2).sum(1) for c in range(centers.shape[1])], axis=1)
            return np.exp(-np.float32(layer["scale"]) * distances), distances


def in_keras(metadata, tensors, pixels: np.ndarray):
    """The same by Keras in float32."""
    import keras

    from rbf import RBFLayer

    layers = json.loads(metadata["radial.architecture"])["layers"]
    scale = np.float32(json.loads(metadata["radial.preprocessing"])["scale"])

    def build(output):
        stack = [keras.layers.Input((pixels.shape[1],))]
        for layer in layers:
            if layer["type"] == "dense":
                stack.append(keras.layers.Dense(layer["units"], activation=layer["activation"]))
            else:
                stack.append(RBFLayer(layer["units"], gamma=layer["scale"], output=output))
        model = keras.Sequential(stack)
        for keras_layer, layer in zip(model.layers, layers):
            if layer["type"] == "dense":
                keras_layer.set_weights([tensors[f"{layer['name']}.kernel"], tensors[f"{layer['name']}.bias"]])
            else:
                keras_layer.centers.assign(tensors[f"{layer['name']}.centers"])
        return model

    inputs = pixels.astype(np.float32) * scale
    return tuple(build(output).predict(inputs, batch_size=1000, verbose=0) for output in ("gaussian", "distance"))
