"""The radial basis layer. Shapes: N rows, H features entering the layer, C units (one prototype each)."""

from __future__ import annotations

import torch
from torch import nn

OUTPUT_FORMS = ("gaussian", "distance", "negative_distance")


class RBFLayer(nn.Module):
    """exp(-gamma * d2[n, c]) with d2[n, c] = sum_k (h[n, k] - centers[c, k])^2.

    `centers` is [C, H], one prototype a row. `gamma` is one positive number, a constant. `output_form`: "gaussian" as
    above; "distance" is d2 itself; "negative_distance" is -gamma * d2, the logits to train on (the Gaussian underflows,
    and its gradient with it, long before its logarithm does).
    """

    def __init__(
        self, in_features: int, units: int, gamma: float = 0.5, output_form: str = "gaussian", spread: float = 0.5
    ) -> None:
        """The prototypes start at random, from N(0, spread^2)."""
        super().__init__()
        if output_form not in OUTPUT_FORMS:
            raise ValueError(f"output_form is {output_form!r}, expected one of {', '.join(OUTPUT_FORMS)}")
        if not gamma > 0:
            raise ValueError(f"gamma is {gamma}, expected a positive number")
        self.in_features, self.units, self.gamma, self.output_form = in_features, units, float(gamma), output_form
        self.centers = nn.Parameter(spread * torch.randn(units, in_features))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[N, H] -> [N, C]."""
        # Differences first, then squares: |h|^2 - 2 h.mu + |mu|^2 cancels for rows close to a prototype.
        squared_distance = (inputs.unsqueeze(-2) - self.centers).square().sum(-1)
        if self.output_form == "distance":
            return squared_distance
        exponent = -self.gamma * squared_distance
        return exponent if self.output_form == "negative_distance" else exponent.exp()

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, units={self.units}, gamma={self.gamma}, output_form={self.output_form}"
