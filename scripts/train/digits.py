"""Handwritten digits: 784 raw pixels -> Dense 256 tanh -> Dense 84 tanh -> RBF 10.

The loss on the logits z = -gamma d2 is the cross-entropy of softmax(z) plus a pull, 0.1 gamma d2 of the row's own
class. Softmax sees differences of distances only; without the pull a row may lie anywhere as long as its own
prototype is the nearest, and the distance would say nothing about whether the row is a digit at all.
"""

from __future__ import annotations

import argparse
import datetime
import math
import time
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from keras import ops

from . import idx, model_file
from .calibration import FALSE_REJECT_RATE, Calibration, area_under_roc
from .distortion import distort
from .network import Network
from .rbf import RBFLayer

PREPROCESSING = {"scale": 0.00392156862745098, "offset": 0}
CLASSES = 10
BATCH = 128
PEAK_RATE = 2e-3
PULL = 0.1
SELF_TEST_ROWS = 16


class DistortedDigits(keras.utils.PyDataset):
    """Batches of the training rows, each epoch in a new order and newly distorted."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, seed: int) -> None:
        super().__init__()
        self.pixels, self.labels = pixels, labels
        self.key = jax.random.key(seed)
        self.generator = np.random.default_rng(seed)
        self.drawn = 0
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.pixels) // BATCH

    def __getitem__(self, index: int) -> tuple[Any, np.ndarray]:
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        self.drawn += 1
        return distort(jax.random.fold_in(self.key, self.drawn), self.pixels[rows]), self.labels[rows]

    def on_epoch_end(self) -> None:
        self.order = self.generator.permutation(len(self.pixels))


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine up to the peak over the first 30 % of the steps, half a cosine down to almost nothing."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step: Any) -> Any:
        progress = ops.cast(step, "float32") / self.steps
        rising = 0.5 - 0.5 * ops.cos(math.pi * ops.minimum(progress / 0.3, 1.0))
        falling = 0.5 + 0.5 * ops.cos(math.pi * ops.clip((progress - 0.3) / 0.7, 0.0, 1.0))
        return self.peak * ops.maximum(ops.where(progress < 0.3, 0.04 + 0.96 * rising, falling), 1e-4)

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "steps": self.steps}


def loss(labels: Any, logits: Any) -> Any:
    """`labels` [N], `logits` = -gamma d2 [N, C]."""
    own = ops.take_along_axis(logits, ops.cast(ops.reshape(labels, (-1, 1)), "int32"), axis=-1)[:, 0]
    entropy = ops.logsumexp(logits, axis=-1) - own
    return entropy - PULL * own


def train(training: idx.Digits, held_out: idx.Digits, epochs: int, seed: int) -> Network:
    """Trains on distorted rows and returns the averaged weights; progress goes to the terminal."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(256, activation="tanh", name="dense"),
            keras.layers.Dense(84, activation="tanh", name="dense_1"),
            RBFLayer(
                CLASSES,
                gamma=0.1,
                trainable_gamma=True,
                output_form="negative_distance",
                centers_initializer=keras.initializers.RandomUniform(-0.5, 0.5),
                name="rbf",
            ),
        ]
    )
    scale = np.float32(PREPROCESSING["scale"])
    rows = DistortedDigits(training.pixels * scale, training.labels, seed)
    optimizer = keras.optimizers.AdamW(
        OneCycle(PEAK_RATE, epochs * len(rows)),
        weight_decay=1e-2,
        global_clipnorm=5.0,
        use_ema=True,
        ema_momentum=0.999,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "centers", "raw_gamma"])
    model.compile(optimizer, loss=loss, metrics=["sparse_categorical_accuracy"])
    model.fit(
        rows,
        epochs=epochs,
        validation_data=(held_out.pixels * scale, held_out.labels),
        validation_freq=5,
        validation_batch_size=1000,
        verbose=2,
    )  # ends by putting the averaged weights in place
    return Network.of(model, PREPROCESSING)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train.sh digits", description="Train the digits model.")
    parser.add_argument("--data", type=Path, help="folder of the four gzip'd IDX files; default: Keras' own download")
    parser.add_argument("--outside", type=Path, help="folder of Fashion-MNIST: rows that are not digits, for the AUROC")
    parser.add_argument("--out", type=Path, default=model_file.WEIGHTS / "digits.safetensors")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1998)
    parser.add_argument("--hold-test-back", action="store_true", help="print held-out figures only, write nothing")
    arguments = parser.parse_args()

    full, test = idx.load(arguments.data)
    held_out = full.rows(idx.TRAINING_ROWS, len(full.labels))
    started = time.monotonic()
    network = train(full.rows(0, idx.TRAINING_ROWS), held_out, arguments.epochs, arguments.seed)
    print(f"trained {arguments.epochs} epochs in {time.monotonic() - started:.0f} s, gamma {network.scale:.6f}")

    held_out_distances = network.answers32(held_out.pixels).distances
    own = held_out_distances[np.arange(len(held_out.labels)), held_out.labels]
    held_out_error = np.mean(held_out_distances.argmin(1) != held_out.labels)
    print(f"held out: error {held_out_error:.2%}, median distance to the own prototype {np.median(own):.3f}")
    calibration = Calibration.fit(held_out_distances, held_out.labels)
    if arguments.hold_test_back:
        return

    distances = network.answers32(test.pixels).distances
    nearest, classes = distances.min(1), distances.argmin(1)
    accuracy = float(np.mean(classes == test.labels))
    false_rejects = float(np.mean(calibration.p_values(nearest, classes) < FALSE_REJECT_RATE))
    print(f"test: error {1 - accuracy:.2%}, falsely rejected {false_rejects:.2%}")
    figures: dict[str, Any] = {
        "data_set": "MNIST",
        "rows": idx.TRAINING_ROWS,
        "epochs": arguments.epochs,
        "seed": arguments.seed,
        "test_rows": len(test.labels),
        "test_accuracy": accuracy,
        "test_false_reject_rate": false_rejects,
    }
    if arguments.outside is not None:
        outside = network.answers32(idx.load_test(arguments.outside).pixels).distances
        rejected = calibration.p_values(outside.min(1), outside.argmin(1)) < FALSE_REJECT_RATE
        figures["ood_data_set"] = "Fashion-MNIST"
        figures["ood_rows"] = len(outside)
        figures["ood_auroc"] = round(area_under_roc(nearest, outside.min(1)), 6)
        figures["ood_rejected"] = float(np.mean(rejected))
        print(f"Fashion-MNIST: AUROC {figures['ood_auroc']}, rejected {figures['ood_rejected']:.2%}")
    figures["date"] = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    figures["command"] = f"scripts/train.sh digits --epochs {arguments.epochs} --seed {arguments.seed}"

    model_file.write(
        arguments.out,
        network,
        self_test_inputs=test.pixels[:SELF_TEST_ROWS],
        labels=[str(c) for c in range(CLASSES)],
        training=figures,
        calibration=calibration,
    )
    network.keras_model().save(arguments.out.with_suffix(".keras"))
    print(f"wrote {arguments.out.name} and {arguments.out.with_suffix('.keras').name}")


if __name__ == "__main__":
    main()
