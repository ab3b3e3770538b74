"""Measures what the loss of scripts/python does for distances: training.py RADIAL FOLDER [SEED...]

FOLDER is one that measure.py has filled with plain networks and rows. For MNIST and Fashion-MNIST a dense network that ends in an RBF layer
is trained with cross-entropy, and with RBFLoss and synthetic outliers; and the plain network's last layer is replaced by distance_head.
Each is exported with the held-out rows, and evaluated with the test rows and the other data set's. Prints a table in Markdown.
"""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
from keras import layers

from radial.keras import OutlierBatches, RBFLayer, RBFLoss, distance_head, export

EPOCHS = 10


def network() -> keras.Model:
    between = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(256, "tanh"), layers.Dense(64, "tanh")]
    return keras.Sequential([keras.Input((28, 28, 1)), *between, RBFLayer(10, gamma=0.5, output_form="negative_distance")])


def cross_entropy(rows: np.ndarray, labels: np.ndarray, _: keras.Model) -> keras.Model:
    model = network()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(rows, labels, batch_size=128, epochs=EPOCHS, verbose=0)
    return model


def with_the_loss(rows: np.ndarray, labels: np.ndarray, _: keras.Model) -> keras.Model:
    model = network()
    model.compile("adam", RBFLoss())
    model.fit(OutlierBatches(rows, labels), epochs=EPOCHS, verbose=0)
    return model


def head(rows: np.ndarray, labels: np.ndarray, plain: keras.Model) -> keras.Model:
    return distance_head(plain, rows, labels, verbose=0)


def main() -> None:
    radial, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    print("| rows | trained with | seed | error | AUROC | far known at 1 % | at 5 % |")
    print("|---|---|---|---|---|---|---|")
    for data_set, other in (("MNIST", "Fashion"), ("Fashion", "MNIST")):
        own = folder / data_set
        rows, labels = np.load(own / "rows.npy"), np.load(own / "labels.npy")
        for way in (cross_entropy, with_the_loss, head):
            for seed in [int(seed) for seed in sys.argv[3:]] or [1, 2, 3]:
                keras.utils.set_random_seed(seed)
                plain = keras.models.load_model(folder / f"{data_set.lower()}-dense-{seed}" / "model.keras")
                file = folder / "trained.safetensors"
                export(way(rows, labels, plain), file, np.load(own / "held-out.npy"), output_form="gaussian")
                command = [
                    radial, "evaluate", file, own / "test.npy", "--labels", own / "test-labels.npy", "--far",
                    folder / other / "test.npy", "--json",
                ]  # fmt: skip
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                far = found["far"][0]
                print(
                    f"| {data_set} | {way.__name__} | {seed} | {100 * found['error']:.2f} % | {far['distance']['auroc']:.4f} "
                    f"| {100 * far['accepted'][0]:.2f} % | {100 * far['accepted'][2]:.2f} % |",
                    flush=True)


main()
