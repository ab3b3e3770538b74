"""An RBF head in the place of a plain classifier's last Linear layer."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from ..outliers import with_outliers
from ..prototypes import starting_head
from .export import chain
from .layer import RBFLayer
from .loss import rbf_loss


def distance_head(
    model: nn.Sequential,
    rows: np.ndarray,
    labels: np.ndarray,
    epochs: int = 5,
    learning_rate: float = 1e-3,
    batch_size: int = 128,
    outliers: int = 16,
    seed: int = 0,
) -> nn.Sequential:
    """A copy of a classifier whose last Linear layer is an `RBFLayer`, fine-tuned with `rbf_loss` and synthetic outliers.

    `rows` [N, ...] and `labels` [N], from 0, are what to train with. The prototypes start at the classes' means in what
    the last Linear layer read, gamma where a row's median scaled distance to its own is 1. The copy answers -gamma d2
    and is in evaluation mode; `model` is left as it was. A model that is no `nn.Sequential`, or whose last layer is not
    Linear (a Softmax or LogSoftmax behind it is left out with it), is a ValueError.
    """
    chain(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _tuned(model, rows, labels, epochs, learning_rate, batch_size, outliers, seed)


def _tuned(
    model: nn.Sequential, rows: np.ndarray, labels: np.ndarray, epochs: int, learning_rate: float, batch_size: int,
    outliers: int, seed: int,
) -> nn.Sequential:  # fmt: skip
    rows, labels = np.asarray(rows, np.float32), np.asarray(labels).reshape(-1)
    layers = list(copy.deepcopy(model))
    while layers and isinstance(layers[-1], (nn.Softmax, nn.LogSoftmax)):
        layers.pop()
    if not layers or not isinstance(layers[-1], nn.Linear):
        found = type(layers[-1]).__name__ if layers else "no layer"
        raise ValueError(f"the last layer is {found}, expected the Linear layer of a classifier, to be replaced")
    classes = layers[-1].out_features
    if len(labels) != len(rows) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"expected a label from 0 to {classes - 1} for each of {len(rows)} rows")
    device = layers[-1].weight.device
    body = nn.Sequential(*layers[:-1]).eval()
    with torch.no_grad():
        parts = [body(torch.from_numpy(rows[i : i + 1000]).to(device)).cpu().numpy() for i in range(0, len(rows), 1000)]
    centers, gamma = starting_head(np.concatenate(parts), labels, classes)
    head = RBFLayer(centers.shape[1], classes, gamma, "negative_distance").to(device)
    with torch.no_grad():
        head.centers.copy_(torch.from_numpy(centers))
    tuned = nn.Sequential(*layers[:-1], head).train()
    optimizer = torch.optim.Adam(tuned.parameters(), lr=learning_rate)
    axes = 0 if rows.ndim == 2 else None
    low, high = rows.min(axes), rows.max(axes)
    for epoch in range(epochs):
        generator = np.random.default_rng((seed, epoch))
        order = generator.permutation(len(rows))
        for start in range(0, len(rows), batch_size):
            chosen = order[start : start + batch_size]
            batch, targets = with_outliers(_last(rows[chosen]), labels[chosen], outliers, generator, low, high)
            optimizer.zero_grad()
            loss = rbf_loss(tuned(torch.from_numpy(_first(batch)).to(device)), torch.from_numpy(targets).to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(tuned.parameters(), 5.0)
            optimizer.step()
    return tuned.eval()


def _last(rows: np.ndarray) -> np.ndarray:
    """Images [N, C, H, W] with channels last, as outliers are made."""
    return np.moveaxis(rows, 1, 3) if rows.ndim == 4 else rows


def _first(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(rows, 3, 1)) if rows.ndim == 4 else rows
