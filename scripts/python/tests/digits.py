"""Real digits of 8 x 8 pixels and real strange rows, both from scikit-learn's own files."""

import numpy as np
from sklearn.datasets import load_digits, load_sample_images

ROWS, LABELS = load_digits(return_X_y=True)
TRAINING, HELD_OUT = slice(0, 1000), slice(1000, 1797)


def photographs() -> np.ndarray:
    """[400, 64]: pieces of two photographs at the digits' size and range."""
    generator, pieces = np.random.default_rng(0), []
    for image in load_sample_images().images:
        grey = image.mean(2) / 255 * 16
        for _ in range(200):
            step = int(generator.integers(1, 20))
            row, column = (int(generator.integers(0, side - 8 * step)) for side in grey.shape)
            pieces.append(grey[row : row + 8 * step : step, column : column + 8 * step : step].ravel())
    return np.array(pieces, np.float32)
