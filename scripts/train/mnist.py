"""MNIST in IDX form: from a folder, or from Keras' own download."""

import gzip
from pathlib import Path

import numpy as np


def read_idx(path: Path) -> np.ndarray:
    """One gzip'd IDX file as bytes: [items] or [items, rows, columns]."""
    data = gzip.decompress(path.read_bytes())
    dimensions = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load(folder: str | None):
    """(train images [60000, 28, 28], train labels, test images [10000, 28, 28], test labels), bytes."""
    if folder is None:
        import keras

        (train, train_labels), (test, test_labels) = keras.datasets.mnist.load_data()
        return train, train_labels, test, test_labels
    names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
    return tuple(read_idx(Path(folder) / f"{name}-ubyte.gz") for name in names)


def distorted(images: np.ndarray, seed: int) -> np.ndarray:
    """Each image turned by up to 8 degrees, scaled by up to 8 % and shifted by up to 1.5 pixels, bilinearly."""
    from scipy.ndimage import affine_transform

    random = np.random.default_rng(seed)
    result = np.empty_like(images)
    center = np.array([13.5, 13.5])
    for i, image in enumerate(images):
        angle = np.deg2rad(random.uniform(-8, 8))
        zoom = random.uniform(0.92, 1.08)
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
        offset = center - matrix @ (center + random.uniform(-1.5, 1.5, 2))
        result[i] = affine_transform(image, matrix, offset, order=1)
    return result
