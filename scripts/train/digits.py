"""Trains weights/digits.safetensors: 784 raw pixels -> Dense 256 tanh -> Dense 84 tanh -> RBF 10.

Loss: cross-entropy of softmax(-gamma d^2) plus 0.1 gamma d^2 to the own class. Without that pull distances would say nothing
about rejection: only their differences would matter.
"""

import argparse
import datetime
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

import export
import mnist
from rbf import RBFLayer

SEED = 7
SCALE = 1 / 255


def network(output: str) -> keras.Model:
    return keras.Sequential(
        [
            keras.layers.Input((784,)),
            keras.layers.Dense(256, activation="tanh", name="dense"),
            keras.layers.Dense(84, activation="tanh", name="dense_1"),
            RBFLayer(10, output=output, name="rbf"),
        ]
    )


def loss(labels, scaled_distances):
    own = ops.take_along_axis(scaled_distances, ops.cast(ops.reshape(labels, (-1, 1)), "int32"), axis=1)
    cross_entropy = keras.losses.sparse_categorical_crossentropy(labels, -scaled_distances, from_logits=True)
    return cross_entropy + 0.1 * ops.squeeze(own, 1)


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Smith, 2018: up for 30 % of the steps, down to zero along a cosine."""
    rise = 0.3 * steps
    if step < rise:
        return peak * (0.04 + 0.96 * step / rise)
    return peak * 0.5 * (1 + np.cos(np.pi * (step - rise) / (steps - rise)))


def auroc(near: np.ndarray, far: np.ndarray) -> float:
    """The probability that a far input is farther than a near one."""
    ranks = np.concatenate([near, far]).argsort().argsort() + 1.0
    return float((ranks[len(near) :].sum() - len(far) * (len(far) + 1) / 2) / (len(near) * len(far)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder with the four gzip'd IDX files; without it Keras downloads them")
    parser.add_argument("--far", help="folder with Fashion-MNIST in the same form, for the out-of-distribution figure")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--output", type=Path, default=Path("weights/digits.safetensors"))
    options = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    images, labels, test_images, test_labels = mnist.load(options.data)
    flat = lambda pixels: pixels.reshape(len(pixels), 784).astype(np.float32) * np.float32(SCALE)
    train, held = slice(0, 55000), slice(55000, 60000)

    model = network("scaled_distance")
    optimizer = keras.optimizers.AdamW(2e-3, weight_decay=1e-4, global_clipnorm=5.0, use_ema=True, ema_momentum=0.999)
    model.compile(optimizer=optimizer, loss=loss)
    batch = 128
    per_epoch = 55000 // batch
    step = 0
    for epoch in range(options.epochs):
        inputs = flat(mnist.distorted(images[train], SEED + epoch))
        order = np.random.default_rng(epoch).permutation(55000)
        total = 0.0
        progress = tqdm(range(per_epoch), desc=f"epoch {epoch + 1}/{options.epochs}", mininterval=5)
        for i in progress:
            rows = order[i * batch : (i + 1) * batch]
            optimizer.learning_rate = one_cycle(step, options.epochs * per_epoch, 2e-3)
            total += float(model.train_on_batch(inputs[rows], labels[train][rows]))
            step += 1
        print(f"epoch {epoch + 1}: loss {total / per_epoch:.4f}", flush=True)
    optimizer.finalize_variable_values(model.trainable_variables)

    gaussian, distance = network("gaussian"), network("distance")
    gaussian.set_weights(model.get_weights())
    distance.set_weights(model.get_weights())
    predict = lambda network, pixels: network.predict(flat(pixels), batch_size=1000, verbose=0)
    held_error = float((predict(distance, images[held]).argmin(1) != labels[held]).mean())
    test_distances = predict(distance, test_images)
    test_error = float((test_distances.argmin(1) != test_labels).mean())

    dense, dense_1, rbf = gaussian.layers
    tensors = {
        "dense.kernel": dense.get_weights()[0],
        "dense.bias": dense.get_weights()[1],
        "dense_1.kernel": dense_1.get_weights()[0],
        "dense_1.bias": dense_1.get_weights()[1],
        "rbf.centers": rbf.get_weights()[0],
        **export.calibration(predict(distance, images[held]), labels[held], 10),
        "selftest.inputs": test_images[:16].reshape(16, 784).astype(np.float32),
        "selftest.outputs": predict(gaussian, test_images[:16]),
        "selftest.distances": test_distances[:16],
    }
    rejected = float((export.p_values(tensors, test_distances) < 0.01).mean())
    training = {
        "data_set": "MNIST",
        "rows": 55000,
        "epochs": options.epochs,
        "seed": SEED,
        "held_out_error": round(held_error, 5),
        "test_accuracy": round(1 - test_error, 5),
        "test_false_reject_rate": round(rejected, 5),
        "date": datetime.date.today().isoformat(),
        "command": "scripts/train.sh digits",
    }
    if options.far:
        far = predict(distance, mnist.read_idx(Path(options.far) / "t10k-images-idx3-ubyte.gz"))
        training["ood_auroc_fashion_mnist"] = round(auroc(test_distances.min(1), far.min(1)), 5)
        training["ood_accepted_fashion_mnist"] = round(float((export.p_values(tensors, far) >= 0.01).mean()), 5)
    architecture = {
        "version": 1,
        "input_shape": [784],
        "layers": [
            {"type": "dense", "name": "dense", "units": 256, "activation": "tanh", "use_bias": True},
            {"type": "dense", "name": "dense_1", "units": 84, "activation": "tanh", "use_bias": True},
            {
                "type": "rbf",
                "name": "rbf",
                "units": 10,
                "output": "gaussian",
                "scale": float(ops.convert_to_numpy(rbf.gamma)),
                "centers_layout": "features_units",
            },
        ],
    }
    export.write(
        options.output,
        tensors,
        {
            "radial.architecture": architecture,
            "radial.labels": [str(digit) for digit in range(10)],
            "radial.preprocessing": {"scale": SCALE, "offset": 0},
            "radial.calibration": {"method": "split_conformal", "false_reject_rate": 0.01, "rows": 5000},
            "radial.training": training,
        },
    )
    print(training)


if __name__ == "__main__":
    main()
