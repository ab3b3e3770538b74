"""Trains one of the recipes, measures it, and writes its file, its Keras twin and its pictures."""

from __future__ import annotations

import argparse
import datetime
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from radial import model_file
from radial.calibration import FALSE_REJECT_RATE, Calibration, area_under_roc
from radial.outliers import outliers

from . import idx, pictures
from .network import WEIGHTS, Network
from .distortion import SIDE
from .recipes import RECIPES, PREPROCESSING, Recipe
from .trainer import Trainer


def measure(
    recipe: Recipe, network: Network, calibration: Calibration, test: idx.Digits, far: np.ndarray | None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The figures of the card, and the smallest distances of each group of rows [N]."""

    def verdicts(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        distances = network.answers32(pixels).distances
        nearest, classes = distances.min(1), distances.argmin(1)
        return nearest, classes, calibration.p_values(nearest, classes)

    nearest, classes, p_values = verdicts(test.pixels)
    error = float(np.mean(classes != test.labels))
    groups = {f"{recipe.data_set}, test rows": nearest}
    figures: dict[str, Any] = {
        "test_rows": len(test.labels),
        "test_accuracy": 1 - error,
        "test_error": error,
        "test_error_standard_error": round(math.sqrt(error * (1 - error) / len(test.labels)), 6),
        "test_false_reject_rate": float(np.mean(p_values < FALSE_REJECT_RATE)),
    }
    if far is not None:
        outside, _, far_values = verdicts(far)
        groups[f"{recipe.far_set}, test rows"] = outside
        figures["ood_data_set"] = recipe.far_set
        figures["ood_rows"] = len(outside)
        figures["ood_auroc"] = round(area_under_roc(nearest, outside), 6)
        figures["ood_rejected"] = float(np.mean(far_values < FALSE_REJECT_RATE))
        # The same rows at stricter settings, for the card.
        for rate in (0.01, 0.02, 0.05, 0.1):
            accepted = p_values >= rate
            remaining = np.mean((classes != test.labels)[accepted])
            print(
                f"  at {rate}: test rejected {np.mean(~accepted):.2%}, {recipe.far_set} accepted"
                f" {np.mean(far_values >= rate):.2%}, error among accepted {remaining:.2%}"
            )
    images = test.pixels[:2000].reshape(-1, SIDE, SIDE)
    invented = outliers(images, len(images), np.random.default_rng(0), low=0, high=255)
    groups["synthetic outliers"], _, _ = verdicts(invented.reshape(len(images), -1))
    return figures, groups


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train.sh", description="Train a model that ships.")
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--data", type=Path, help="folder of the four gzip'd IDX files; default: Keras' own download")
    parser.add_argument("--outside", type=Path, help="folder of the far set: measured, never trained on")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=1998)
    parser.add_argument("--fresh", action="store_true", help="begin anew; otherwise an interrupted run goes on")
    parser.add_argument("--hold-test-back", action="store_true", help="print held-out figures only, write nothing")
    arguments = parser.parse_args()
    recipe = RECIPES[arguments.name]
    epochs = arguments.epochs or recipe.epochs

    full, test = idx.load(arguments.data, recipe.data_set)
    held_out = full.rows(idx.TRAINING_ROWS, len(full.labels))
    checkpoint = arguments.out / f"{arguments.name}.checkpoint.npz"
    if arguments.fresh:
        checkpoint.unlink(missing_ok=True)
    trainer = Trainer(arguments.name, recipe, full.rows(0, idx.TRAINING_ROWS), epochs, arguments.seed)
    trainer.run(held_out, checkpoint)
    network = Network(recipe.architecture, trainer.averaged(), PREPROCESSING)

    distances = network.answers32(held_out.pixels).distances
    own = distances[np.arange(len(held_out.labels)), held_out.labels]
    held_out_error = float(np.mean(distances.argmin(1) != held_out.labels))
    print(f"held out: error {held_out_error:.2%}, median distance to the own prototype {np.median(own):.3f}")
    calibration = Calibration.fit(distances)
    if arguments.hold_test_back:
        return

    far = idx.load_test(arguments.outside).pixels if arguments.outside else None
    figures, groups = measure(recipe, network, calibration, test, far)
    figures = {
        "data_set": recipe.data_set,
        "rows": idx.TRAINING_ROWS,
        "epochs": epochs,
        "seed": arguments.seed,
        "held_out_error": held_out_error,
        **figures,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "command": f"scripts/train.sh {arguments.name} --epochs {epochs} --seed {arguments.seed}",
    }
    print(json.dumps(figures, indent=2))
    path = arguments.out / f"{arguments.name}.safetensors"
    shown = np.concatenate([np.flatnonzero(test.labels == label)[:2] for label in range(len(recipe.labels))])
    model_file.write(
        path,
        network,
        network.answers32(test.pixels[: model_file.SELF_TEST_ROWS]),
        labels=recipe.labels,
        training=figures,
        calibration=calibration,
        calibration_rows=held_out.pixels,
        samples=(test.pixels[shown], test.labels[shown]),
    )
    network.keras_model().save(path.with_suffix(".keras"))
    pictures.training_curve(arguments.out / f"{arguments.name}-training.png", arguments.name, trainer.history)
    pictures.distance_histograms(
        arguments.out / f"{arguments.name}-distances.png",
        arguments.name,
        groups,
        calibration.limits(FALSE_REJECT_RATE),
    )
    print(f"wrote {path.name}, {path.with_suffix('.keras').name} and two pictures")


if __name__ == "__main__":
    main()
