"""The layer, the loss, the metric and the batches, against NumPy in float64."""

import keras
import numpy as np
import pytest

from radial.keras import KnownAccuracy, OutlierBatches, RBFLayer, RBFLoss

GENERATOR = np.random.default_rng(3)


@pytest.mark.parametrize("trainable", [False, True])
def test_forms_of_the_layer(trainable: bool) -> None:
    rows = GENERATOR.normal(size=(7, 5)).astype(np.float32)
    layer = RBFLayer(3, gamma=0.3, trainable_gamma=trainable)
    layer.build((None, 5))
    centers = np.array(layer.centers).astype(np.float64)
    distances = np.square(rows[:, :, None] - centers).sum(1)
    expected = {"gaussian": np.exp(-0.3 * distances), "distance": distances, "negative_distance": -0.3 * distances}
    for form, values in expected.items():
        layer.output_form = form
        assert np.allclose(layer(rows), values, rtol=2e-6)


def test_a_saved_layer_comes_back(tmp_path) -> None:
    model = keras.Sequential([keras.Input((5,)), RBFLayer(3, gamma=0.3, trainable_gamma=True, output_form="distance")])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    rows = GENERATOR.normal(size=(4, 5)).astype(np.float32)
    assert np.array_equal(model.predict(rows, verbose=0), again.predict(rows, verbose=0))
    assert again.layers[-1].get_config() == model.layers[-1].get_config()


@pytest.mark.parametrize("wrong", [{"output_form": "square"}, {"gamma": 0}, {"gamma": float("nan")}])
def test_wrong_settings_of_the_layer(wrong: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        RBFLayer(3, **wrong)


def loss64(labels: np.ndarray, logits: np.ndarray, pull: float, weight: float, reach: float) -> float:
    logits = logits.astype(np.float64)
    known, parts = labels >= 0, []
    if known.any():
        inside, own = logits[known], -logits[known, labels[known]]
        parts.append(np.mean(np.log(np.exp(inside).sum(1)) + own + pull * own))
    if not known.all():
        parts.append(weight * np.mean(np.maximum(reach + logits[~known], 0)))
    return sum(parts)


@pytest.mark.parametrize("labels", [[0, 2, 1, -1, -1], [0, 1, 2, 2, 1], [-1] * 5])
@pytest.mark.parametrize("column", [False, True])
def test_the_loss(labels: list[int], column: bool) -> None:
    labels, logits = np.array(labels), -GENERATOR.gamma(3, 3, (5, 3)).astype(np.float32)
    loss = RBFLoss(pull=0.2, outlier_weight=0.7, reach=8.0)
    given = labels[:, None] if column else labels
    assert np.isclose(float(loss(given, logits)), loss64(labels, logits, 0.2, 0.7, 8.0), rtol=1e-5)
    assert RBFLoss.from_config(loss.get_config()).get_config() == loss.get_config()


def test_far_rows_have_a_finite_loss() -> None:
    logits = np.full((2, 3), -1e30, np.float32)
    assert np.isfinite(float(RBFLoss()(np.array([0, -1]), logits)))


def test_an_outlier_at_infinity_costs_nothing() -> None:
    logits = np.array([[-1, -2], [-np.inf, -np.inf]], np.float32)
    alone = RBFLoss()(np.array([0]), logits[:1])
    assert np.isclose(float(RBFLoss()(np.array([0, -1]), logits)), float(alone))


def test_outliers_do_not_count_as_misread() -> None:
    metric = KnownAccuracy()
    metric.update_state(np.array([0, 1, -1, 1]), np.array([[1, 0], [1, 0], [1, 0], [0, 1.0]]))
    assert np.isclose(float(metric.result()), 2 / 3)


def test_batches_have_every_row_once_and_differ_between_epochs() -> None:
    rows, labels = np.arange(50, dtype=np.float32)[:, None] * [1, 2], np.arange(50) % 3
    batches = OutlierBatches(rows, labels, batch_size=16, outliers=4, seed=5)

    def epoch() -> list[float]:
        seen = []
        for index in range(len(batches)):
            some, classes = batches[index]
            assert len(some) == len(classes) and (classes[-4:] == -1).all() and (classes[:-4] >= 0).all()
            assert (some[:-4, 0].astype(int) % 3 == classes[:-4]).all()
            assert np.array_equal(batches[index][0], some)
            seen += some[:-4, 0].tolist()
        return seen

    first = epoch()
    batches.on_epoch_end()
    second = epoch()
    assert sorted(first) == sorted(second) == rows[:, 0].tolist() and first != second


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, -1]])
def test_wrong_labels_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        OutlierBatches(np.zeros((3, 2)), np.array(labels))
