"""The smallest network of the kind: 100 features -> Dense 20 linear -> RBF 10, as Keras initialises it, untrained."""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
from radial.keras import RBFLayer, export

from .network import WEIGHTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train.sh example", description="Write the example model.")
    parser.add_argument("--out", type=Path, default=WEIGHTS / "example.safetensors")
    parser.add_argument("--seed", type=int, default=2718)
    arguments = parser.parse_args()

    keras.utils.set_random_seed(arguments.seed)
    model = keras.Sequential(
        [keras.Input((100,)), keras.layers.Dense(20, name="dense"), RBFLayer(10, gamma=0.5, centers_initializer="uniform", name="rbf_layer")]
    )
    # Uniform in [0, 1): distances of a few units, so that the Gaussians are neither all 1 nor all 0.
    rows = np.random.default_rng(arguments.seed).random((16, 100), dtype=np.float32)
    export(model, arguments.out, rows, calibrate=False)
    print(f"wrote {arguments.out.name}")


if __name__ == "__main__":
    main()
