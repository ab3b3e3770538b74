"""Trains one of the recipes, measures it, and writes its file, its Keras twin and its pictures."""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path

import numpy as np
from radial import model_file
from radial.calibration import FALSE_REJECT_RATE, Calibration
from radial.outliers import outliers

from . import idx, measure, pictures, pools
from .distortion import SIDE
from .network import Network
from .recipes import PREPROCESSING, RECIPES
from .trainer import Trainer


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train.sh", description="Train a model that ships.")
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--data", type=Path, help="folder of the four gzip'd IDX files; default: Keras' own download")
    parser.add_argument("--outside", type=Path, help="folder of the far set: measured, never trained on")
    parser.add_argument("--out", type=Path, help="folder to write to, one a run; default: .build/train/NAME-SEED")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=1998)
    parser.add_argument("--fresh", action="store_true", help="begin anew; otherwise an interrupted run goes on")
    parser.add_argument("--hold-test-back", action="store_true", help="to choose settings: no figure of the test rows, no file but the checkpoint")
    arguments = parser.parse_args()
    recipe = RECIPES[arguments.name]
    epochs = arguments.epochs or recipe.epochs
    out = arguments.out or pools.FOLDER / f"{arguments.name}-{arguments.seed}"

    full, test = idx.load(arguments.data, recipe.data_set)
    choice, held_out = full.rows(idx.TRAINING_ROWS, idx.CHOICE_ROWS), full.rows(idx.CHOICE_ROWS, None)
    checkpoint = out / f"{arguments.name}.checkpoint.npz"
    if arguments.fresh:
        checkpoint.unlink(missing_ok=True)
    trained_with = pools.of_training(recipe.outliers)
    trainer = Trainer(arguments.name, recipe, full.rows(0, idx.TRAINING_ROWS), trained_with, epochs, arguments.seed)
    trainer.run(choice, checkpoint)
    network = Network(recipe.architecture, trainer.averaged(), PREPROCESSING)

    distances = network.answers32(held_out.pixels).distances
    trainer.check(held_out.pixels[:500], distances[:500])
    own = distances[np.arange(len(held_out.labels)), held_out.labels]
    held_out_error = float(np.mean(distances.argmin(1) != held_out.labels))
    choice_loss = trainer.choice_loss(choice)
    print(f"held out: error {held_out_error:.2%}, median distance to the own prototype {np.median(own):.3f}, choice loss {choice_loss:.5f}")
    calibration = Calibration.fit(distances)
    if arguments.hold_test_back:
        return

    far = idx.load_test(arguments.outside).pixels if arguments.outside else None
    measured, groups = measure.figures(network, calibration, test, recipe.far_set, far, recipe.reads_digits)
    figures = {
        "data_set": recipe.data_set,
        "rows": idx.TRAINING_ROWS,
        "epochs": epochs,
        "seed": arguments.seed,
        "choice_error": trainer.error(choice),
        "choice_loss": choice_loss,
        "held_out_error": held_out_error,
        **measured,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "command": f"scripts/train.sh {arguments.name} --epochs {epochs} --seed {arguments.seed}",
    }
    report = json.dumps(figures, indent=2)
    print(report)
    (out / f"{arguments.name}.json").write_text(report + "\n")
    if recipe.reads_digits:
        print(measure.listed(network, calibration))
    path = out / f"{arguments.name}.safetensors"
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
    pictures.training_curve(out / f"{arguments.name}-training.png", arguments.name, trainer.history)
    invented = outliers(test.pixels[:2000].reshape(-1, SIDE, SIDE), 2000, np.random.default_rng(0), low=0, high=255)
    shown = {
        f"{recipe.data_set}, test rows": groups["test"].nearest,
        **{kind: group.nearest for kind, group in groups.items() if kind in (recipe.far_set, "letters", "strokes")},
        "synthetic outliers": measure.Verdicts(network, calibration, invented.reshape(len(invented), -1)).nearest,
    }
    pictures.distance_histograms(
        out / f"{arguments.name}-distances.png",
        arguments.name,
        shown,
        calibration.limits(FALSE_REJECT_RATE),
    )
    print(f"wrote {path}, {path.with_suffix('.keras').name}, its figures and two pictures")


if __name__ == "__main__":
    main()
