"""Pictures of a training run and of its distances, as small PNG files."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)
import numpy as np  # noqa: E402

_INSIDE, _OUTSIDE = "#1b6ca8", "#d1495b"
_GROUPS = _INSIDE, _OUTSIDE, "#e8a33d", "#5a8f5a", "#7a7a7a"


def training_curve(path: Path, title: str, history: list[dict[str, float]]) -> None:
    """The loss of both kinds of rows above, the error on the choice rows below, by epoch."""
    epochs = [record["epoch"] for record in history]
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6.4, 4.6), layout="constrained")
    above.semilogy(epochs, [record["loss"] for record in history], color=_INSIDE, label="rows of the classes")
    above.semilogy(epochs, [record["outlier_loss"] for record in history], color=_OUTSIDE, label="synthetic outliers")
    above.set(ylabel="loss (distorted rows)", title=title)
    above.legend(frameon=False)
    below.semilogy(epochs, [100 * record["choice_error"] for record in history], color=_INSIDE)
    below.set(xlabel="epoch", ylabel="choice rows, error, %")
    below.yaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    below.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    for axes in (above, below):
        axes.grid(alpha=0.3)
    _save(figure, path)


def distance_histograms(path: Path, title: str, groups: dict[str, np.ndarray], limits: np.ndarray) -> None:
    """Smallest squared distances of each group of rows; `limits` [C] are those of the classes at the default rate."""
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    low = max(1e-3, min(np.quantile(values, 0.001) for values in groups.values()))
    edges = np.geomspace(low, max(values.max() for values in groups.values()), 90)
    for (name, values), color in zip(groups.items(), _GROUPS):
        weights = np.full(len(values), 100 / len(values))
        axes.hist(np.maximum(values, low), edges, weights=weights, alpha=0.65, color=color, label=name)
    axes.axvspan(limits.min(), limits.max(), color="black", alpha=0.12, label="limits of the classes, 1 %")
    axes.set(xscale="log", xlabel="smallest squared distance", ylabel="% of the rows", title=title)
    axes.legend(frameon=False)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)
