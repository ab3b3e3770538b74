"""Makes weights/example.safetensors: Dense 20 on 100 features, then RBF 10 with gamma 0.5, initialised as Keras does."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import ops

import export
from rbf import RBFLayer

SEED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("weights/example.safetensors"))
    options = parser.parse_args()
    keras.utils.set_random_seed(SEED)
    dense = keras.layers.Dense(20, name="dense")
    rbf = RBFLayer(10, gamma=0.5, centers_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=SEED), name="rbf_layer")
    model = keras.Sequential([keras.layers.Input((100,)), dense, rbf])
    # Rows small enough that no score underflows: the self-test should see scores of all sizes.
    inputs = np.random.default_rng(SEED).normal(0, 0.4, (16, 100)).astype(np.float32)
    hidden = dense(inputs)
    distances = ops.convert_to_numpy(ops.sum(ops.square(ops.expand_dims(hidden, -1) - rbf.centers), axis=1))
    tensors = {
        "dense.kernel": dense.get_weights()[0],
        "dense.bias": dense.get_weights()[1],
        "rbf_layer.centers": rbf.get_weights()[0],
        "selftest.inputs": inputs,
        "selftest.outputs": ops.convert_to_numpy(model(inputs)),
        "selftest.distances": distances,
    }
    architecture = {
        "version": 1,
        "input_shape": [100],
        "layers": [
            {"type": "dense", "name": "dense", "units": 20, "activation": "linear", "use_bias": True},
            {"type": "rbf", "name": "rbf_layer", "units": 10, "output": "gaussian", "scale": 0.5, "centers_layout": "features_units"},
        ],
    }
    export.write(
        options.output,
        tensors,
        {
            "radial.architecture": architecture,
            "radial.training": {"data_set": "none: random weights", "seed": SEED, "command": "scripts/train.sh example"},
        },
    )
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
