"""Real digits and real strange rows: the package's loss tells them apart, where cross-entropy alone does not."""

import keras
import numpy as np
import pytest
from digits import HELD_OUT, LABELS, ROWS, TRAINING, photographs
from keras import layers

from radial.calibration import Calibration
from radial.keras import OutlierBatches, RBFLayer, RBFLoss, distance_head

def accepted_far(model: keras.Model) -> float:
    """The share of photographs called known at 1 %."""
    answers = [-model.predict(rows, verbose=0) for rows in (ROWS[HELD_OUT], photographs())]
    calibration = Calibration.fit(answers[0])
    return float(np.mean(calibration.p_values(answers[1].min(1), answers[1].argmin(1)) >= 0.01))


def error(model: keras.Model) -> float:
    return float(np.mean(model.predict(ROWS[HELD_OUT], verbose=0).argmax(1) != LABELS[HELD_OUT]))


def body() -> list:
    return [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(128, "tanh"), layers.Dense(32, "tanh")]


def branching() -> keras.Model:
    inputs = keras.Input((64,))
    return keras.Model(inputs, layers.Dense(10)(layers.Add()([layers.Dense(64)(inputs), inputs])))


def test_training_with_the_loss() -> None:
    keras.utils.set_random_seed(1)
    plain = keras.Sequential([*body(), RBFLayer(10, gamma=1.0, output_form="negative_distance")])
    plain.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    plain.fit(ROWS[TRAINING], LABELS[TRAINING], epochs=60, verbose=0)
    trained = keras.Sequential([*body(), RBFLayer(10, gamma=1.0, output_form="negative_distance")])
    trained.compile("adam", RBFLoss())
    trained.fit(OutlierBatches(ROWS[TRAINING], LABELS[TRAINING]), epochs=60, verbose=0)
    before, after = accepted_far(plain), accepted_far(trained)
    print(f"photographs called known at 1 %: cross-entropy {before:.1%}, RBFLoss {after:.1%}; error {error(plain):.1%}, {error(trained):.1%}")
    assert before > 0.5 and after < 0.1
    assert error(trained) < error(plain) + 0.03


def test_a_head_for_a_plain_classifier() -> None:
    keras.utils.set_random_seed(2)
    plain = keras.Sequential([*body(), layers.Dense(10), layers.Softmax()])
    plain.compile("adam", "sparse_categorical_crossentropy")
    plain.fit(ROWS[TRAINING], LABELS[TRAINING], epochs=40, verbose=0)
    weights = [np.array(weight) for weight in plain.get_weights()]
    only = distance_head(plain, ROWS[TRAINING], LABELS[TRAINING], epochs=0, verbose=0)
    tuned = distance_head(plain, ROWS[TRAINING], LABELS[TRAINING], epochs=40, verbose=0)
    before, after = accepted_far(only), accepted_far(tuned)
    print(f"photographs called known at 1 %: class means {before:.1%}, tuned {after:.1%}; error {error(plain):.1%}, {error(tuned):.1%}")
    assert after < 0.1 < before and error(tuned) < error(plain) + 0.03
    assert all(np.array_equal(a, b) for a, b in zip(weights, plain.get_weights()))
    again = distance_head(plain, ROWS[TRAINING], LABELS[TRAINING], epochs=1, verbose=0)
    once_more = distance_head(plain, ROWS[TRAINING], LABELS[TRAINING], epochs=1, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), once_more.get_weights()))


@pytest.mark.parametrize(
    ("model", "labels", "sentence"),
    [
        (lambda: keras.Sequential([*body(), RBFLayer(10)]), LABELS, "RBFLayer"),
        (lambda: keras.Sequential([*body(), layers.Dense(9)]), LABELS, "from 0 to 8"),
        (lambda: keras.Sequential([*body(), layers.Dense(11)]), LABELS, "label 10"),
        (lambda: keras.Sequential([*body(), layers.Dense(10)]), LABELS[:5], "for each of"),
        (lambda: keras.Sequential([keras.Input((8, 8)), layers.Dense(10)]), LABELS, "Flatten"),
        (lambda: keras.Sequential([*body(), layers.Dense(10), layers.Activation("relu")]), LABELS, "Activation"),
        (lambda: branching(), LABELS, "chain of layers"),
    ],
)
def test_what_cannot_have_a_head(model, labels: np.ndarray, sentence: str) -> None:
    built = model()
    with pytest.raises(ValueError, match=sentence):
        distance_head(built, ROWS.reshape(-1, *built.input_shape[1:]), labels, epochs=0, verbose=0)
