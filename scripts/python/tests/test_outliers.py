"""Outliers: shapes, ranges, kinds, seeds, and the same numbers from another module of arrays."""

import numpy as np
import pytest

from radial import outliers, with_outliers
from radial.images import NumPyDraws, sampled, smooth_noise
from radial.outliers import IMAGE_KINDS

SHAPES = [(64,), (1,), (28, 28), (8, 8), (32, 20, 3), (5, 7), (1, 9, 1), (30, 30, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [0, 1, 5, 16, 37])
def test_any_shape_and_count(shape: tuple[int, ...], count: int) -> None:
    rows = np.random.default_rng(1).uniform(-2, 5, (20, *shape))
    made = outliers(rows, count, np.random.default_rng(2))
    assert made.shape == (count, *shape) and made.dtype == np.float32 and np.isfinite(made).all()
    assert np.array_equal(made, outliers(rows, count, np.random.default_rng(2)))
    if len(shape) > 1:
        assert count == 0 or (made.min() > -2.01 and made.max() < 5.01)


def test_each_kind_has_its_share_and_differs() -> None:
    rows = np.random.default_rng(1).random((64, 28, 28))
    eight = outliers(rows, 8, np.random.default_rng(3))
    assert len({kind.tobytes() for kind in eight}) == 8
    assert len(IMAGE_KINDS) == 8


def test_negatives_are_where_the_kinds_have_them() -> None:
    """Of black images the negatives are white ones, at some grey, and the fifth of eight."""
    made = outliers(np.zeros((64, 28, 28)), 24, np.random.default_rng(3), low=0, high=1)
    assert all(0.4 <= image.min() == image.max() <= 1 for image in made[4::8])
    others = [image for index, image in enumerate(made) if index % 8 != 4]
    assert not any(0.4 <= image.min() == image.max() for image in others)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 16, 40])
@pytest.mark.parametrize("kind", ["numbers", "one feature", "one-hot"])
def test_no_outlier_is_a_row(count: int, kind: str) -> None:
    generator = np.random.default_rng(count)
    rows = {
        "numbers": generator.random((50, 20)), "one feature": generator.random((50, 1)),
        "one-hot": np.eye(3)[generator.integers(0, 3, 50)],
    }[kind].astype(np.float32)  # fmt: skip
    known = {row.tobytes() for row in rows}
    for seed in range(20):
        assert not any(row.tobytes() in known for row in outliers(rows, count, np.random.default_rng(seed)))


def test_given_ranges_are_kept_to() -> None:
    rows = np.full((8, 28, 28), 3.0)
    made = outliers(rows, 64, np.random.default_rng(4), low=0, high=255)
    assert made.min() >= -0.01 and 100 < made.max() < 255.01
    features = outliers(np.zeros((8, 2)), 400, np.random.default_rng(5), low=[0, 10], high=[1, 30])
    middle = np.median(features, axis=0)
    assert 0 <= middle[0] <= 1 and 10 <= middle[1] <= 30 and features[:, 0].min() < 0 and features[:, 1].max() > 30


def test_labels_of_outliers_are_no_class() -> None:
    rows, labels = with_outliers(np.zeros((3, 4)), np.array([2, 0, 1], np.uint8).astype(int), 5, np.random.default_rng(0))
    assert rows.shape == (8, 4) and labels.tolist() == [2, 0, 1, -1, -1, -1, -1, -1]


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2, 2, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        outliers(np.zeros(shape), 4, np.random.default_rng(0))


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="some rows"):
        outliers(np.zeros((0, 4)), 4, np.random.default_rng(0))


def test_unsigned_labels_are_not_wrapped_around() -> None:
    _, labels = with_outliers(np.zeros((2, 4)), np.array([1, 0], np.uint8), 3, np.random.default_rng(0))
    assert labels.tolist() == [1, 0, -1, -1, -1]


def test_reading_between_pixels() -> None:
    image = np.array([[[0.0, 1.0], [2.0, 3.0]]], np.float32)
    row, column = np.array([[[0.5, 0.0], [1.0, -5.0]]]), np.array([[[0.5, 1.0], [0.25, 9.0]]])
    assert sampled(image, row, column)[0].tolist() == [[1.5, 1.0], [2.25, 0.0]]


def test_smooth_noise_has_variance_one() -> None:
    fields = smooth_noise(NumPyDraws(np.random.default_rng(6)), (4000, 9, 13), 2.0)
    assert np.allclose(fields.var(0), 1, atol=0.12)
    neighbours = (fields[:, 4, 6] * fields[:, 4, 7]).mean()
    assert neighbours > 0.8 > abs((fields[:, 4, 0] * fields[:, 4, 12]).mean())
