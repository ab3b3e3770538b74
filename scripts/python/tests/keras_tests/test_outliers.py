"""Outliers inside a compiled function of JAX are those of NumPy, given the same draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from radial.images import NumPyDraws
from radial.outliers import feature_outliers, image_outliers


@pytest.mark.parametrize(("make", "shape"), [(image_outliers, (16, 28, 28)), (image_outliers, (8, 9, 12, 3)), (feature_outliers, (8, 5))])
def test_jax_computes_what_numpy_does(make, shape) -> None:
    rows = np.random.default_rng(1).random(shape, np.float32)
    expected = make(NumPyDraws(np.random.default_rng(2)), rows)
    compiled = jax.jit(lambda rows: make(NumPyDraws(np.random.default_rng(2)), rows, jnp))
    assert np.abs(compiled(rows) - expected).max() < 1e-4
