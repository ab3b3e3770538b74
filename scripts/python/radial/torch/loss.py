"""The loss that makes distances mean something; what it is made of is told in `radial.keras.loss`."""

from __future__ import annotations

import torch

PULL = 0.1
REACH = 10.0


def rbf_loss(
    logits: torch.Tensor, labels: torch.Tensor, pull: float = PULL, outlier_weight: float = 1.0, reach: float = REACH
) -> torch.Tensor:
    """A scalar: the mean over the rows of classes plus `outlier_weight` times the mean over the outliers.

    `logits` [N, C] are -gamma d2, what an `RBFLayer` with `output_form="negative_distance"` answers; `labels` [N] the
    classes' numbers, and -1 for outliers.
    """
    known = labels >= 0
    inside, outside = logits[known], logits[~known]
    loss = logits.new_zeros(())
    if len(inside):
        own = -inside.gather(1, labels[known].long().unsqueeze(1)).squeeze(1)
        loss = loss + (inside.logsumexp(1) + (1 + pull) * own).mean()
    if len(outside):
        loss = loss + outlier_weight * (reach + outside).relu().mean()
    return loss
