"""p-values and limits against what their definitions say, row by row."""

import numpy as np
import pytest

from radial.calibration import MINIMUM_ROWS, Calibration, area_under_roc


def rows(seed: int, n: int, shares: list[float]) -> np.ndarray:
    """[n, C] distances; the answered classes come in about these shares."""
    generator = np.random.default_rng(seed)
    distances = generator.gamma(3, 5, (n, len(shares))).astype(np.float32) + 20
    distances[np.arange(n), generator.choice(len(shares), n, p=shares)] = generator.gamma(3, 2, n)
    return distances.round(1)


@pytest.mark.parametrize("seed", range(5))
def test_p_values_are_what_they_are_defined_as(seed: int) -> None:
    held_out, new = rows(seed, 600, [0.6, 0.3, 0.06, 0.04]), rows(seed + 100, 200, [0.25] * 4)
    calibration = Calibration.fit(held_out)
    answered, own = held_out.argmin(1), held_out.min(1)
    few = np.bincount(answered, minlength=4) < MINIMUM_ROWS
    assert few.tolist() == [False, False, True, True]
    found = calibration.p_values(new.min(1), new.argmin(1))
    for value, distance, index in zip(found, new.min(1), new.argmin(1)):
        among = own[few[answered]] if few[index] else own[answered == index]
        assert value == (1 + np.sum(among >= distance)) / (len(among) + 1)


@pytest.mark.parametrize("rate", [0.003, 0.01, 0.05, 0.2])
def test_limits_are_where_p_values_pass_the_rate(rate: float) -> None:
    calibration = Calibration.fit(rows(7, 500, [0.7, 0.25, 0.05]))
    for index, limit in enumerate(calibration.limits(rate)):
        at = np.array([index])
        if np.isinf(limit):
            assert calibration.p_values(np.array([np.float32(1e30)]), at) >= rate
        else:
            assert calibration.p_values(np.array([limit]), at) >= rate
            assert calibration.p_values(np.array([np.nextafter(limit, np.float32(np.inf))]), at) < rate


def test_area_under_roc_counts_ties_half() -> None:
    assert area_under_roc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == 0.875
