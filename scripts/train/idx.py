"""MNIST and Fashion-MNIST as four gzip'd IDX files, or as Keras downloads them."""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

TRAINING_ROWS = 53_000
"""The rows before this one train."""

CHOICE_ROWS = 55_000
"""The rows from TRAINING_ROWS to this one are held out for choices, of a seed among others; those after them calibrate rejection."""


class Digits(NamedTuple):
    """Raw pixels 0…255 as float32 [N, 784], classes as int64 [N]."""

    pixels: np.ndarray
    labels: np.ndarray

    def rows(self, start: int, stop: int | None) -> Digits:
        return Digits(self.pixels[start:stop], self.labels[start:stop])


def read_idx(path: Path) -> np.ndarray:
    """The unsigned bytes of one gzip'd IDX file, in the shape that its header states."""
    content = gzip.decompress(path.read_bytes())
    zero, kind, dimensions = struct.unpack_from(">HBB", content)
    if zero != 0 or kind != 8:
        raise ValueError(f"{path.name}: magic {content[:4].hex()}, expected an IDX file of unsigned bytes (000008..)")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    if values.size != math.prod(shape):
        raise ValueError(f"{path.name}: {values.size} bytes of data, expected {math.prod(shape)} for shape {shape}")
    return values.reshape(shape)


def load_test(directory: Path) -> Digits:
    return _load(directory, "t10k")


def load(directory: Path | None, data_set: str = "MNIST") -> tuple[Digits, Digits]:
    """All 60,000 training rows and the 10,000 test rows, in the order of the original files.

    `data_set`, "MNIST" or "Fashion-MNIST", is what Keras downloads when there is no `directory`.
    """
    if directory is not None:
        return _load(directory, "train"), load_test(directory)
    import keras

    source = keras.datasets.fashion_mnist if data_set == "Fashion-MNIST" else keras.datasets.mnist
    training, test = source.load_data()
    return _digits(*training), _digits(*test)


def _load(directory: Path, part: str) -> Digits:
    return _digits(
        read_idx(directory / f"{part}-images-idx3-ubyte.gz"), read_idx(directory / f"{part}-labels-idx1-ubyte.gz")
    )


def _digits(images: np.ndarray, labels: np.ndarray) -> Digits:
    return Digits(images.reshape(len(images), -1).astype(np.float32), labels.astype(np.int64))
