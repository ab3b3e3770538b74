"""An RBF head in the place of a plain classifier's last Dense layer."""

from __future__ import annotations

import contextlib
import random
from typing import Any, Iterator

import keras
import numpy as np

from ..prototypes import starting_head
from .batches import OutlierBatches
from .export import chain
from .layer import RBFLayer
from .loss import KnownAccuracy, RBFLoss

def _is_behind(layer: keras.layers.Layer) -> bool:
    """What may stand behind the last Dense layer: it is left out with it."""
    if isinstance(layer, keras.layers.Activation):
        return keras.activations.serialize(layer.activation) in ("softmax", "sigmoid", "linear")
    return isinstance(layer, keras.layers.Softmax)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Everything random follows from the seed; what others draw from NumPy and Python goes on as if nothing had been drawn."""
    before = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def distance_head(
    model: keras.Model,
    rows: np.ndarray,
    labels: np.ndarray,
    epochs: int = 5,
    learning_rate: float = 1e-3,
    batch_size: int = 128,
    outliers: int = 16,
    seed: int = 0,
    verbose: Any = "auto",
) -> keras.Model:
    """A copy of a classifier whose last Dense layer is an `RBFLayer`, fine-tuned with `RBFLoss` and synthetic outliers.

    `rows` [N, ...] and `labels` [N], from 0, are what to train with. The prototypes start at the classes' means in what
    the last Dense layer read, gamma where a row's median scaled distance to its own is 1. The copy answers -gamma d2;
    `model` is left as it was. A model whose last layer is not Dense, or that is no chain of layers, is a ValueError.
    """
    chain(model)
    rows, labels = np.asarray(rows), np.asarray(labels).reshape(-1)
    with _seeded(seed):
        return _tuned(model, rows, labels, epochs, learning_rate, batch_size, outliers, seed, verbose)


def _tuned(
    model: keras.Model, rows: np.ndarray, labels: np.ndarray, epochs: int, learning_rate: float, batch_size: int,
    outliers: int, seed: int, verbose: Any,
) -> keras.Model:  # fmt: skip
    copy = keras.models.clone_model(model)
    if not copy.built:
        copy.build(model.input_shape)
    copy.set_weights(model.get_weights())
    layers = list(copy.layers)
    while layers and _is_behind(layers[-1]):
        layers.pop()
    if not layers or not isinstance(layers[-1], keras.layers.Dense):
        found = type(layers[-1]).__name__ if layers else "no layer"
        raise ValueError(f"the last layer is {found}, expected the Dense layer of a classifier, to be replaced")
    last = layers[-1]
    if len(labels) != len(rows) or labels.min() < 0 or labels.max() >= last.units:
        raise ValueError(f"expected a label from 0 to {last.units - 1} for each of {len(rows)} rows")
    body = keras.Model(copy.inputs, last.input)
    embeddings = np.asarray(body.predict(rows, batch_size=1000, verbose=0))
    if embeddings.ndim != 2:
        raise ValueError(f"the last Dense layer reads {embeddings.shape[1:]}, expected a flat row: put a Flatten before it")
    centers, gamma = starting_head(embeddings, labels, last.units)
    head = RBFLayer(last.units, gamma=gamma, output_form="negative_distance", name="rbf")
    tuned = keras.Model(copy.inputs, head(body.outputs[0]))
    head.set_weights([centers.T])
    tuned.compile(keras.optimizers.Adam(learning_rate, clipnorm=5.0), RBFLoss(), metrics=[KnownAccuracy()])
    tuned.fit(OutlierBatches(rows, labels, batch_size, outliers, seed), epochs=epochs, verbose=verbose)
    return tuned
