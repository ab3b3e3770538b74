"""Trains the networks of networks.py for a moment and exports each, with both of PyTorch's exporters.

pytorch.py FOLDER
"""

from __future__ import annotations

import copy
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from case import Case, blobs, questions
from networks import RBF, Network, Several, networks

EXPORTERS = {"torch dynamo": True, "torch TorchScript": False}


def train(model: nn.Module, network: Network, steps: int = 40) -> None:
    """To outputs that are 1 for a row's own class: enough for statistics and weights that are no longer those of a start."""
    rows, labels = (torch.from_numpy(array) for array in blobs(network.shape, network.classes))
    targets = F.one_hot(labels, network.classes).float()
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    model.train()
    for step in range(steps):
        some = slice(32 * step % 256, 32 * step % 256 + 32)
        optimiser.zero_grad()
        torch.autograd.backward(F.mse_loss(model(rows[some]), targets[some]))
        optimiser.step()
    model.eval()
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def export(model: nn.Module, rows: torch.Tensor, path: Path, network: Network, dynamo: bool) -> None:
    example, fixed = (rows[: network.fixed_batch or 2],), network.fixed_batch is not None
    if dynamo:
        shapes = None if fixed else ({0: torch.export.Dim("batch")},)
        torch.onnx.export(model, example, path, dynamo=True, dynamic_shapes=shapes, verbose=False)
    else:
        axes = None if fixed else {"input": {0: "batch"}, "output": {0: "batch"}}
        torch.onnx.export(
            model, example, path, dynamo=False, dynamic_axes=axes, input_names=["input"], output_names=["output"]
        )


@torch.no_grad()
def answers(model: nn.Sequential, rows: torch.Tensor) -> tuple[np.ndarray, np.ndarray | None]:
    """Outputs, and the head's squared distances where it is the last layer and has them."""
    head = model[-1]
    squares = head.squares(model[:-1](rows)) if isinstance(head, RBF | Several) else None
    if squares is not None and squares.ndim == 3:
        squares = squares.amin(-1)
    return model(rows).numpy(), None if squares is None else squares.numpy()


def main(root: Path, chosen: list[str]) -> None:
    for name, network in networks().items():
        if chosen and name not in chosen:
            continue
        model = nn.Sequential(*network.layers)
        train(model, network)
        model = model.to(network.dtype)
        rows = torch.from_numpy(questions(network.shape, network.classes, network.far)).to(network.dtype)
        if isinstance(model[0], RBF):
            # Rows that are prototypes: their distance is 0.
            rows[:2] = model[0].centers.detach()[:2]
        single, _ = answers(copy.deepcopy(model).float(), rows.float())
        double, squares = answers(copy.deepcopy(model).double(), rows.double())
        widest = max(p.numel() // len(p) for p in model.parameters() if p.ndim > 1)
        for exporter, dynamo in EXPORTERS.items():
            refused = None if network.refused is None else network.refused.get(exporter, network.refused.get(""))
            case = Case(name, exporter, widest, refused)
            folder = case.folder(root)
            folder.mkdir(parents=True)
            try:
                export(model, rows, folder / "model.onnx", network, dynamo)
            except Exception as error:  # noqa: BLE001  # whatever an exporter cannot do
                case.fail(root, error)
                continue
            case.write(root, rows.float().numpy(), single, double, squares)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(Path(sys.argv[1]), sys.argv[2:])
