"""Trains plain Keras classifiers, as anybody does: plain.py FOLDER MNIST|Fashion dense|conv SEED DATA

They have ReLU, a softmax and cross-entropy, and nothing that makes distances mean anything. DATA is a folder of the data set's four IDX
files. FOLDER gets model.keras; beside it a folder of the data set's name gets rows.npy and labels.npy, what it was trained with,
held-out.npy, test.npy and test-labels.npy.
"""

import gzip
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers

HELD_OUT = 5000


def idx(path: pathlib.Path) -> np.ndarray:
    data = gzip.decompress(path.read_bytes())
    dimensions = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(data[4 + 4 * dimensions :], np.uint8).reshape(shape)


def network(kind: str) -> list:
    if kind == "dense":
        return [
            layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax"),
        ]
    return [
        layers.Rescaling(1 / 255), layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax"),
    ]


def main() -> None:
    folder, kind, seed, data = pathlib.Path(sys.argv[1]), sys.argv[3], int(sys.argv[4]), pathlib.Path(sys.argv[5])
    folder.mkdir(parents=True, exist_ok=True)
    rows = idx(data / "train-images-idx3-ubyte.gz")[..., None]
    labels = idx(data / "train-labels-idx1-ubyte.gz")
    test = idx(data / "t10k-images-idx3-ubyte.gz")[..., None]
    test_labels = idx(data / "t10k-labels-idx1-ubyte.gz")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((28, 28, 1)), *network(kind)])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    kept = len(rows) - HELD_OUT
    model.fit(rows[:kept], labels[:kept], batch_size=128, epochs=5, verbose=0)
    _, accuracy = model.evaluate(test, test_labels, batch_size=1000, verbose=0)
    print(f"{sys.argv[2]} {kind} seed {seed}: test accuracy {accuracy:.4f}", flush=True)
    model.save(folder / "model.keras")
    shared = folder.parent / sys.argv[2]
    if not shared.exists():
        shared.mkdir()
        np.save(shared / "rows.npy", rows[:kept])
        np.save(shared / "labels.npy", labels[:kept])
        np.save(shared / "held-out.npy", rows[kept:])
        np.save(shared / "test.npy", test)
        np.save(shared / "test-labels.npy", test_labels)


main()
