"""The models that are trained here: their networks, data and settings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np

from . import glyphs
from .distortion import Distortion

DIGITS = [str(digit) for digit in range(10)]
GARMENTS = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip

PREPROCESSING = {"scale": 0.00392156862745098, "offset": 0}
GAMMA = 0.1


@dataclass(frozen=True)
class Outliers:
    """How many rows of no class stand beside a batch of 128, by kind."""

    made: int  # of noise and of the batch itself, by radial.outliers: a multiple of its number of kinds
    letters: int = 0
    strokes: int = 0
    doubles: int = 0  # two rows of the batch in one frame, at most half of it
    weight: float = 1.0  # of their mean loss
    squared: bool = False  # relu(r - gamma d2)^2 / 2r instead of relu(r - gamma d2), r the reach


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is trained; the seed and the number of epochs may be given at the command line."""

    architecture: dict[str, Any]
    labels: list[str]
    data_set: str
    far_set: str
    epochs: int
    peak_rate: float
    distortion: Distortion
    outliers: Outliers
    pull: float = 0.1
    weight_decay: float = 1e-2
    averaging: float = 0.999
    fixed_centers: Callable[[], np.ndarray] | None = None
    connections: dict[str, np.ndarray] | None = None
    """Factors of 0 and 1 for kernels that connect only some maps, by tensor name."""

    def digest(self) -> str:
        """Known again by what it trains: a checkpoint of other settings is not gone on from."""
        settings = {
            **self.__dict__,
            "fixed_centers": self.fixed_centers and self.fixed_centers().tolist(),
            "connections": {name: factors.tolist() for name, factors in (self.connections or {}).items()},
        }
        return hashlib.sha256(repr(settings).encode()).hexdigest()[:12]

    @property
    def reads_digits(self) -> bool:
        """Such a model is measured with pictures that are no digit too."""
        return self.labels == DIGITS


def _rbf(output: str) -> dict[str, Any]:
    return {
        "type": "rbf",
        "name": "rbf",
        "units": 10,
        "output": output,
        "scale": 1.0 if output == "distance" else float(np.float32(GAMMA)),
        "centers_layout": "features_units",
    }


def _dense(name: str, units: int, activation: str = "scaled_tanh") -> dict[str, Any]:
    return {"type": "dense", "name": name, "units": units, "activation": activation, "use_bias": True}


def _conv(name: str, filters: int, padding: str) -> dict[str, Any]:
    return {
        "type": "conv2d",
        "name": name,
        "filters": filters,
        "kernel_size": [5, 5],
        "strides": [1, 1],
        "padding": padding,
        "activation": "scaled_tanh",
        "use_bias": True,
    }


def _normalised_conv(name: str, filters: int) -> list[dict[str, Any]]:
    """3 x 3, batch normalisation, ReLU."""
    convolution = {**_conv(name, filters, "same"), "kernel_size": [3, 3], "activation": "linear", "use_bias": False}
    normalisation = {"type": "batch_normalization", "name": f"{name}_bn", "epsilon": 0.001, "center": True, "scale": True}
    return [convolution, normalisation, {"type": "activation", "name": f"{name}_relu", "activation": "relu"}]


def _max_pool(name: str) -> dict[str, Any]:
    return {**_pool(name), "type": "max_pooling2d"}


def _pool(name: str) -> dict[str, Any]:
    return {"type": "average_pooling2d", "name": name, "pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}


def _subsampling(name: str) -> dict[str, Any]:
    return {
        "type": "subsampling2d",
        "name": name,
        "pool_size": [2, 2],
        "strides": [2, 2],
        "activation": "scaled_tanh",
    }


def _flat(hidden: int) -> dict[str, Any]:
    layers = [_dense("dense", hidden, "tanh"), _dense("dense_1", 84), _rbf("gaussian")]
    return {"version": 1, "input_shape": [784], "layers": layers}


def _lenet(pool: Callable[[str], dict[str, Any]], output: str) -> dict[str, Any]:
    layers = [
        _conv("c1", 6, "same"),  # the margin of two pixels that the paper's 32 x 32 input has
        pool("s2"),
        _conv("c3", 16, "valid"),
        pool("s4"),
        {"type": "flatten", "name": "flatten"},
        _dense("c5", 120),
        _dense("f6", 84),
        _rbf(output),
    ]
    return {"version": 1, "input_shape": [28, 28, 1], "layers": layers}


def _convolutional(first: int, second: int) -> dict[str, Any]:
    layers = [
        *_normalised_conv("c1", first),
        *_normalised_conv("c2", first),
        _max_pool("p1"),
        *_normalised_conv("c3", second),
        *_normalised_conv("c4", second),
        _max_pool("p2"),
        {"type": "flatten", "name": "flatten"},
        _dense("dense", 128, "relu"),
        _dense("dense_1", 84),
        _rbf("gaussian"),
    ]
    return {"version": 1, "input_shape": [28, 28, 1], "layers": layers}


def _table_one() -> np.ndarray:
    """[1, 1, 6, 16]: which maps of S2 feed which maps of C3 (LeCun et al. 1998, table I)."""
    three = [[(i + j) % 6 for j in range(3)] for i in range(6)]
    four = [[(i + j) % 6 for j in range(4)] for i in range(6)]
    split = [[(i + j) % 6 for j in (0, 1, 3, 4)] for i in range(3)]
    table = np.zeros((6, 16), np.float32)
    for column, sources in enumerate([*three, *four, *split, range(6)]):
        table[list(sources), column] = 1
    return table[None, None]


HANDWRITING = Distortion(shift=1.5, turn=9.0, scaling=0.09, displacement=1.0)
WIDER_HANDWRITING = Distortion(shift=2.0, turn=12.0, scaling=0.12, displacement=1.4)
DRAWN = Outliers(made=24, letters=24, strokes=24, doubles=8, weight=4.0)
"""Beside digits. A kind that is left out is forgotten again: each needs its share."""
DRAWN_SQUARED = replace(DRAWN, weight=8.0, squared=True)
"""The distance then tells how much likelier a picture is an outlier than a digit: what is pushed with a constant force lies at 0 or at the
reach, and so does the limit of a class of whose rows more than 1 % look like outliers (0, 1 and 8). The dense network gained nothing by it."""
DRAWN_PULL = 0.3
"""With it: outliers push rows of a class that look like them out too, and with a pull of 0.05 the limits of some classes end where outliers do."""

RECIPES = {
    "digits": Recipe(
        architecture=_flat(256),
        labels=DIGITS,
        data_set="MNIST",
        far_set="Fashion-MNIST",
        epochs=72,
        peak_rate=2e-3,
        distortion=HANDWRITING,
        outliers=DRAWN,
        pull=DRAWN_PULL,
    ),
    "lenet5": Recipe(
        architecture=_lenet(_pool, "gaussian"),
        labels=DIGITS,
        data_set="MNIST",
        far_set="Fashion-MNIST",
        epochs=72,
        peak_rate=3e-3,
        distortion=WIDER_HANDWRITING,
        outliers=DRAWN_SQUARED,
        pull=DRAWN_PULL,
        weight_decay=2e-2,
        averaging=0.9995,
    ),
    "lenet5-1998": Recipe(
        architecture=_lenet(_subsampling, "distance"),
        labels=DIGITS,
        data_set="MNIST",
        far_set="Fashion-MNIST",
        epochs=40,
        peak_rate=3e-3,
        distortion=HANDWRITING,
        outliers=Outliers(made=16),
        fixed_centers=glyphs.prototypes,
        connections={"c3.kernel": _table_one()},
    ),
    "fashion": Recipe(
        architecture=_convolutional(16, 32),
        labels=GARMENTS,
        data_set="Fashion-MNIST",
        far_set="MNIST",
        epochs=40,
        peak_rate=2e-3,
        distortion=Distortion(shift=1.0, turn=3.0, scaling=0.05, mirrored=True),
        outliers=Outliers(made=48, strokes=16, weight=4.0),
        pull=DRAWN_PULL,
    ),
}
