"""The loss that makes distances mean something.

For a row of class y with logits z = -gamma d2: the cross-entropy of softmax(z), plus a pull, `pull` gamma d2 of its own
class. Softmax sees differences of distances only; without the pull a row may lie anywhere as long as its own prototype
is the nearest, and the distance would say nothing about whether the row belongs to any class. An outlier, whose label is
-1, pays relu(reach - gamma d2), averaged over the classes: it is pushed to d2 = reach / gamma from every prototype, no
farther. Cross-entropy on negative distances with a pull: Yang et al., Robust Classification with Convolutional Prototype
Learning (2018), equations 4 and 8.

Shapes: N rows, C classes.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

PULL = 0.1
REACH = 10.0


def known_loss(labels: Any, logits: Any, pull: float = PULL) -> Any:
    """[N] of rows with labels [N] from 0 to C - 1 and logits [N, C]."""
    own = -ops.take_along_axis(logits, ops.expand_dims(labels, -1), axis=-1)[..., 0]
    return ops.logsumexp(logits, axis=-1) + (1 + pull) * own


def outlier_loss(logits: Any, reach: float = REACH) -> Any:
    """[N] of rows that belong to no class, with logits [N, C]."""
    return ops.mean(ops.relu(reach + logits), axis=-1)


@keras.saving.register_keras_serializable(package="radial")
class RBFLoss(keras.losses.Loss):
    """The mean over the rows of classes plus `outlier_weight` times the mean over the outliers of the batch.

    `y_true` [N] or [N, 1] has the classes' numbers, and -1 for outliers; `y_pred` [N, C] is what an `RBFLayer` with
    `output_form="negative_distance"` answers.
    """

    def __init__(
        self,
        pull: float = PULL,
        outlier_weight: float = 1.0,
        reach: float = REACH,
        name: str = "rbf_loss",
        reduction: str = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.pull, self.outlier_weight, self.reach = pull, outlier_weight, reach

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """[N]: the mean of these is the loss."""
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        known = ops.cast(labels >= 0, y_pred.dtype)
        inside = known_loss(ops.maximum(labels, 0), y_pred, self.pull)
        outside = self.outlier_weight * outlier_loss(y_pred, self.reach)
        n = ops.cast(ops.shape(y_pred)[0], y_pred.dtype)
        rows = ops.maximum(ops.sum(known), 1)
        others = ops.maximum(ops.sum(1 - known), 1)
        # Chosen, not multiplied: of a row infinitely far away the part that does not count is no number.
        return n * ops.where(known > 0, inside / rows, outside / others)

    def get_config(self) -> dict[str, Any]:
        own = {"pull": self.pull, "outlier_weight": self.outlier_weight, "reach": self.reach}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="radial")
class KnownAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """The share of rows that are answered their own class, of those that have one: outliers, labelled -1, do not count."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        known = ops.cast(labels >= 0, "float32")
        if sample_weight is not None:
            known = known * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
        return super().update_state(ops.maximum(labels, 0), y_pred, known)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}
