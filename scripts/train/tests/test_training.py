"""What a training is made of: the same network in JAX, Keras and NumPy, normalisation, frames, strokes, fonts."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from train import idx, letters, strokes
from train.distortion import two_in_one
from train.forward import distances
from train.network import Network
from train.recipes import PREPROCESSING, RECIPES, Outliers
from train.shapes import drawn
from train.trainer import BATCH, STEPS_PER_CALL, Trainer, initial_tensors, loss


def random_network(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Tensors that are nowhere 0 or 1, and raw rows [12, 784]."""
    generator = np.random.default_rng(3)
    tensors = initial_tensors(RECIPES[name], 3)
    for key, value in tensors.items():
        if key.endswith(("bias", "beta", "moving_mean", "offset")):
            tensors[key] = generator.normal(0, 0.3, value.shape).astype(np.float32)
        if key.endswith(("moving_variance", ".gamma", "factor")):
            tensors[key] = generator.uniform(0.5, 2, value.shape).astype(np.float32)
    return tensors, generator.integers(0, 256, (12, 784)).astype(np.float32)


@pytest.mark.parametrize("name", RECIPES)
def test_trainer_keras_and_float64_have_the_same_distances(name: str) -> None:
    tensors, rows = random_network(name)
    network = Network(RECIPES[name].architecture, tensors, PREPROCESSING)
    single, double = network.answers32(rows), network.answers64(rows)
    trained, _ = distances(RECIPES[name].architecture, tensors, rows * np.float32(PREPROCESSING["scale"]))
    np.testing.assert_allclose(single.distances, double.distances, rtol=2e-5)
    np.testing.assert_allclose(trained, double.distances, rtol=2e-5)


def test_outliers_of_a_batch_move_no_row_of_a_class() -> None:
    tensors, rows = random_network("fashion")
    rows = rows / 255
    architecture = RECIPES["fashion"].architecture
    squared, seen = distances(architecture, tensors, rows, normalised_by=8)
    other, seen_beside_others = distances(architecture, tensors, np.concatenate([rows[:8], 1 - rows[8:]]), normalised_by=8)
    np.testing.assert_allclose(squared[:8], other[:8], rtol=1e-4)
    assert np.abs(np.asarray(squared[8:]) / np.asarray(other[8:]) - 1).max() > 0.01
    assert seen.keys() == {key for key in tensors if "moving" in key}
    for key, value in seen.items():
        np.testing.assert_allclose(value, seen_beside_others[key], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("squared", [False, True])
def test_outliers_pay_for_what_the_reach_has_left(squared: bool) -> None:
    tensors, rows = random_network("digits")
    recipe = replace(RECIPES["digits"], outliers=replace(RECIPES["digits"].outliers, weight=3.0, squared=squared))
    tensors["rbf.centers"][:, 0] *= 5  # beyond the reach of all
    measured = 0.1 * np.asarray(distances(recipe.architecture, tensors, rows[8:] / 255)[0])
    left = np.maximum(10 - measured, 0)
    assert left.any() and not left.all()
    found, (parts, _) = loss(recipe, tensors, rows / 255, np.arange(8) % 10, share=0.5)
    np.testing.assert_allclose(parts[1], (left**2 / 20 if squared else left).mean(), rtol=1e-5)
    np.testing.assert_allclose(found, parts[0] + 0.5 * 3 * parts[1], rtol=1e-5)


def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """Two epochs of the smallest kind, and one epoch, then the other from the file."""
    generator = np.random.default_rng(4)
    count = BATCH * STEPS_PER_CALL
    rows = idx.Digits(generator.integers(0, 256, (count, 784)).astype(np.float32), generator.integers(0, 10, count))
    pools = {"strokes": strokes.images(strokes.walking, 20, generator)}
    recipe = replace(RECIPES["digits"], outliers=Outliers(made=8, strokes=4, doubles=2))

    def trainer(seed: int = 1) -> Trainer:
        return Trainer("digits", recipe, rows, pools, 2, seed)

    whole, begun, resumed = trainer(), trainer(), trainer()
    whole.run(rows.rows(0, 500), tmp_path / "whole.npz")
    begun.epochs = 1  # stops there; the rate follows the epochs of the compiled steps
    begun._steps = whole._steps
    begun.run(rows.rows(0, 500), tmp_path / "half.npz")
    resumed._steps = whole._steps
    resumed.run(rows.rows(0, 500), tmp_path / "half.npz")
    assert [record["epoch"] for record in resumed.history] == [1, 2]
    for key, value in whole.averaged().items():
        np.testing.assert_array_equal(value, resumed.averaged()[key], err_msg=key)
    with pytest.raises(SystemExit, match="another recipe, seed or number of epochs"):
        trainer(seed=2).run(rows.rows(0, 500), tmp_path / "half.npz")


def test_ink_is_framed_in_the_manner_of_mnist() -> None:
    """20 pixels long, its centre of mass within a pixel of the middle; the same drawing at another place and size is the same picture."""
    stroke = [(0.1, 0.0), (0.5, 0.9), (0.0, 1.0)]
    picture = drawn([stroke], pen=2.0).astype(float)
    assert np.ptp(np.flatnonzero(picture.any(1))) + 1 == 20
    for axis in (0, 1):
        assert abs((picture.sum(1 - axis) @ (np.arange(28) + 0.5)) / picture.sum() - 14) <= 0.5
    np.testing.assert_array_equal(picture, drawn([[(7 + 4 * x, 4 * y - 9) for x, y in stroke]], pen=2.0))


@pytest.mark.parametrize("make", [strokes.walking, strokes.pieced])
def test_strokes_follow_from_the_seed_and_no_two_are_alike(make) -> None:
    first, again = (strokes.images(make, 50, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first, axis=0)) == 50 and first.any(1).all()


def test_two_in_one_frame_are_left_and_right() -> None:
    images = np.zeros((2, 28, 28), np.float32)
    images[:, 10:18, 10:18] = 1
    picture = np.asarray(two_in_one(jax.random.key(6), images))[0]
    ink = picture.sum(0)
    assert picture.shape == (28, 28) and ink[:14].sum() > 5 and ink[14:].sum() > 5


def test_no_font_is_both_trained_and_measured_with() -> None:
    packages = letters.packages()
    assert {package.use for package in packages} == {"training", "measuring"} and all(package.licence for package in packages)
    names, faces = [package.name for package in packages], [face for package in packages for face in package.faces]
    assert len(set(names)) == len(names) and len(set(faces)) == len(faces)


def test_another_setting_is_another_recipe() -> None:
    """A checkpoint of one is not gone on from with another; fixed prototypes and left-out connections count too."""
    recipe = RECIPES["lenet5-1998"]
    others = [replace(recipe, **change) for change in ({"pull": 0.2}, {"connections": None}, {"fixed_centers": None})]
    assert len({other.digest() for other in [recipe, *others]}) == 4
    assert replace(recipe).digest() == recipe.digest()
