"""Batches of labelled rows with synthetic outliers behind them, for `model.fit`."""

from __future__ import annotations

from typing import Any, Callable

import keras
import numpy as np

from ..outliers import with_outliers


class OutlierBatches(keras.utils.PyDataset):
    """Shuffled batches of `rows` [N, ...] and `labels` [N], each with `outliers` rows more whose label is -1.

    `augment`, if any, changes a batch's rows before outliers are made of them. The same seed gives the same batches.
    """

    def __init__(
        self,
        rows: np.ndarray,
        labels: np.ndarray,
        batch_size: int = 128,
        outliers: int = 16,
        seed: int = 0,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rows, self.labels = np.asarray(rows, np.float32), np.asarray(labels).reshape(-1)
        if len(self.rows) != len(self.labels) or len(self.rows) == 0:
            raise ValueError(f"{len(self.rows)} rows and {len(self.labels)} labels, expected as many of each, and some")
        if self.labels.min() < 0:
            raise ValueError(f"a label is {self.labels.min()}, expected the numbers of classes, from 0")
        axes = 0 if self.rows.ndim == 2 else None
        self.low, self.high = self.rows.min(axes), self.rows.max(axes)
        self.batch_size, self.outliers, self.seed, self.augment = batch_size, outliers, seed, augment
        self.epoch = 0
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        return np.random.default_rng((self.seed, self.epoch)).permutation(len(self.rows))

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        generator = np.random.default_rng((self.seed, self.epoch, index))
        rows = self.rows[chosen]
        if self.augment is not None:
            rows = self.augment(rows, generator)
        return with_outliers(rows, self.labels[chosen], self.outliers, generator, self.low, self.high)

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._order = self._shuffled()
