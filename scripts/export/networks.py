"""The networks of PyTorch: every head that Radial serves, every way of writing a distance, and bodies of all kinds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Function = Callable[[Tensor, Tensor, Tensor], Tensor]
ROOT3, ROOT5 = math.sqrt(3), math.sqrt(5)


def by_difference(x: Tensor, c: Tensor) -> Tensor:
    return (x.unsqueeze(1) - c).pow(2).sum(-1)


# Squared distances of rows [N, D] to centers [C, D].
WAYS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "difference": by_difference,
    "product": lambda x, c: ((x[:, None, :] - c[None]) * (x[:, None, :] - c[None])).sum(dim=2),
    "columns": lambda x, c: (x.unsqueeze(2) - c.T).square().sum(1),
    "expand": lambda x, c: (x.unsqueeze(1).expand(-1, len(c), -1) - c.unsqueeze(0).expand(x.size(0), -1, -1)).pow(2).sum(2),
    "repeat": lambda x, c: (x.unsqueeze(1).repeat(1, len(c), 1) - c).pow(2).sum(2),
    "norm": lambda x, c: torch.norm(x.unsqueeze(1) - c, dim=-1) ** 2,
    "vector_norm": lambda x, c: torch.linalg.vector_norm(x.unsqueeze(1) - c, dim=-1).square(),
    "cdist": lambda x, c: torch.cdist(x, c).pow(2),
    "cdist of batches": lambda x, c: torch.cdist(x.unsqueeze(0), c.unsqueeze(0)).squeeze(0) ** 2,
    "cdist without products": lambda x, c: torch.cdist(x, c, compute_mode="donot_use_mm_for_euclid_dist").pow(2),
    "pairwise_distance": lambda x, c: F.pairwise_distance(x.unsqueeze(1), c, eps=1e-6) ** 2,
    "expansion": lambda x, c: (x * x).sum(1, keepdim=True) - 2 * x @ c.T + (c * c).sum(1),
    "addmm": lambda x, c: torch.addmm((x**2).sum(1, keepdim=True) + (c**2).sum(1), x, c.T, alpha=-2),
    "einsum": lambda x, c: torch.einsum("nud,nud->nu", x[:, None] - c, x[:, None] - c),
    "einsum of the expansion": lambda x, c: x.square().sum(1)[:, None] - 2 * torch.einsum("nd,ud->nu", x, c) + c.square().sum(1),
    "mse_loss": lambda x, c: F.mse_loss(x[:, None].expand(-1, len(c), -1), c.expand(x.size(0), -1, -1), reduction="none").sum(-1),
    "mean": lambda x, c: (x[:, None] - c).pow(2).mean(-1) * c.shape[1],
    "stack of units": lambda x, c: torch.stack([(x - center).pow(2).sum(1) for center in c], 1),
}  # fmt: skip


class RBF(nn.Module):
    """function(q, d, v): of squared distances q, distances d, and v, one positive number or one a unit."""

    def __init__(self, width: int, units: int, function: Function, way: str = "difference", per_unit: bool = False) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.randn(units, width))
        self.raw = nn.Parameter(torch.rand(units if per_unit else 1) - 1.0)
        self.function, self.way = function, way

    def squares(self, x: Tensor) -> Tensor:
        return WAYS[self.way](x, self.centers)

    def forward(self, x: Tensor) -> Tensor:
        q = self.squares(x)
        return self.function(q, q.sqrt(), self.raw.exp())


class Several(nn.Module):
    """Several prototypes a class, of which the nearest counts."""

    def __init__(self, width: int, classes: int, each: int, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(classes, each, width))
        self.function = function

    def squares(self, x: Tensor) -> Tensor:
        return (x[:, None, None] - self.prototypes).pow(2).sum(-1)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.squares(x))


class DUQ(nn.Module):
    """The head of van Amersfoort et al. 2020, with one sigma or one a class."""

    def __init__(self, width: int, classes: int, embedding: int, per_class: bool) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(embedding, classes, width) * width**-0.5)
        self.centers = nn.Parameter(torch.randn(embedding, classes))
        self.sigma = nn.Parameter(torch.rand(classes if per_class else 1) * 0.3 + 0.3)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.einsum("ij,mnj->imn", x, self.w)
        return (-((z - self.centers.unsqueeze(0)) ** 2).mean(1) / (2 * self.sigma**2)).exp()


class Weighted(nn.Module):
    """Mahalanobis' distance: a weight a feature, or a factor L of the metric L Lᵀ."""

    def __init__(self, width: int, units: int, full: bool) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.randn(units, width))
        self.metric = nn.Parameter(torch.randn(width, width) * 0.4 if full else torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        difference = x.unsqueeze(1) - self.centers
        scaled = difference @ self.metric if self.metric.ndim == 2 else difference * self.metric
        return torch.exp(-0.5 * scaled.pow(2).sum(-1))


class Lambda(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, self.inner(x))


class Standardised(nn.Module):
    """(x − mean) / deviation, as buffers of the model."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.randn(width))
        self.register_buffer("deviation", torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        attended: Tensor = self.attention(x, x, x, need_weights=False)[0]
        return attended.flatten(1)


class Subsampling(nn.Module):
    """LeNet-5's of 1998: the mean of 2 × 2 cells, times a factor and plus an offset for each map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.factor, self.offset = nn.Parameter(torch.rand(maps, 1, 1) + 0.5), nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * (F.avg_pool2d(x, 2) * self.factor + self.offset))


@dataclass
class Network:
    """What is exported: rows of `shape` in, `classes` numbers out."""

    layers: list[nn.Module]
    shape: tuple[int, ...] = (8,)
    classes: int = 5
    dtype: torch.dtype = torch.float32
    fixed_batch: int | None = None
    # How far the far rows are.
    far: float = 25.0
    # Words of the refusal by exporter, or by "" where it is one for all.
    refused: dict[str, str] | None = None


def body(activation: nn.Module | None = None, width: int = 16) -> list[nn.Module]:
    return [nn.Linear(8, width), activation or nn.ReLU()]


def gaussian(width: int, units: int = 5, way: str = "difference", per_unit: bool = False) -> RBF:
    return RBF(width, units, lambda q, d, v: torch.exp(-v * q), way, per_unit)


def kernel(function: Function, per_unit: bool = False, refused: dict[str, str] | None = None) -> Network:
    return Network([*body(), RBF(16, 5, function, per_unit=per_unit)], refused=refused)


def matern32(q: Tensor, d: Tensor, v: Tensor) -> Tensor:
    return (1 + ROOT3 * d / v) * torch.exp(-ROOT3 * d / v)


def matern52(q: Tensor, d: Tensor, v: Tensor) -> Tensor:
    return (1 + ROOT5 * d / v + 5 * q / (3 * v**2)) * torch.exp(-ROOT5 * d / v)


def share(k: Tensor, epsilon: float = 0.0) -> Tensor:
    return k / (k.sum(-1, keepdim=True) + epsilon)


def separable(channels: int, filters: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.ReLU6(),
        nn.Conv2d(channels, filters, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU6(),
    ]  # fmt: skip


BRANCH = {"": "two branches"}
# Words of the refusals, where Radial has no layer for it.
REFUSED = {
    "stack of units": {"torch dynamo": "chains of layers", "torch TorchScript": "'Split' is not served"},
    "GELU by tanh": {"": "tanh approximation is not served"}, "Hardswish": {"": "'hardSwish' is not served"},
    "Mish": {"torch dynamo": "'mish' is not served", "torch TorchScript": "mish is not served"}, "CELU": {"": "'Celu' is not served"},
    "Hardtanh": {"": "cuts values to [-1.0, 1.0]"}, "LogSigmoid": {"": "'log' is not served"},
    "Tanhshrink": {"": "none of the activations"}, "Threshold": {"": "'LessOrEqual' is not served"},
}  # fmt: skip
ACTIVATIONS: dict[str, nn.Module] = {
    "PReLU": nn.PReLU(), "PReLU per channel": nn.PReLU(16), "GELU": nn.GELU(), "GELU by tanh": nn.GELU("tanh"), "SiLU": nn.SiLU(),
    "SELU": nn.SELU(), "ELU": nn.ELU(0.7), "Softplus": nn.Softplus(), "Softplus of beta 2": nn.Softplus(2), "Sigmoid": nn.Sigmoid(),
    "Softsign": nn.Softsign(), "LeakyReLU": nn.LeakyReLU(0.2), "Hardsigmoid": nn.Hardsigmoid(), "ReLU6": nn.ReLU6(), "Tanh": nn.Tanh(),
    "Hardswish": nn.Hardswish(), "Mish": nn.Mish(), "CELU": nn.CELU(1.3), "Hardtanh": nn.Hardtanh(), "LogSigmoid": nn.LogSigmoid(),
    "Tanhshrink": nn.Tanhshrink(), "Threshold": nn.Threshold(0.1, 0),
}  # fmt: skip


def networks() -> dict[str, Network]:
    """By name; all from one seed."""
    torch.manual_seed(21)
    table = {f"Gaussian by {way}": Network([*body(), gaussian(16, way=way)], refused=REFUSED.get(way)) for way in WAYS}
    table |= {f"MLP with {name}": Network([*body(a), gaussian(16)], far=8.0, refused=REFUSED.get(name)) for name, a in ACTIVATIONS.items()}
    table |= {
        "Gaussian, a width a unit": Network([*body(), gaussian(16, per_unit=True)]),
        "Gaussian, sigma": kernel(lambda q, d, v: torch.exp(-q / (2 * v**2)), per_unit=True),
        "Gaussian, log sigma": kernel(lambda q, d, v: torch.exp(-((d / v) ** 2)), per_unit=True),
        "distance": kernel(lambda q, d, v: d),
        "squared distance": kernel(lambda q, d, v: q),
        "-d/T": kernel(lambda q, d, v: -d / v),
        "softmax(-d/T)": kernel(lambda q, d, v: torch.softmax(-d / v, -1)),
        "exp(-beta d)": kernel(lambda q, d, v: torch.exp(-v * d), per_unit=True),
        "inverse quadratic": kernel(lambda q, d, v: 1 / (1 + (v * d) ** 2), per_unit=True),
        "inverse multiquadric": kernel(lambda q, d, v: 1 / torch.sqrt(1 + (v * d) ** 2)),
        "multiquadric": kernel(lambda q, d, v: torch.sqrt(1 + (v * d) ** 2)),
        "Matern 3/2": kernel(matern32, per_unit=True),
        "Matern 5/2": kernel(matern52),
        "Student-t": kernel(lambda q, d, v: (1 + q / v) ** (-(v + 1) / 2)),
        "Student-t, shares": kernel(lambda q, d, v: share(1 / (1 + q))),
        "normalised Gaussian": kernel(lambda q, d, v: share(torch.exp(-v * q), 1e-6), per_unit=True),
        "normalised Matern 3/2": kernel(lambda q, d, v: share(matern32(q, d, v), 1e-6)),
        "clamped before the root": kernel(lambda q, d, v: -torch.sqrt(q.clamp(min=1e-12))),
        "root with an epsilon": kernel(lambda q, d, v: -torch.sqrt(q + 1e-12)),
        "thin plate": kernel(lambda q, d, v: q * torch.log(d + 1e-6), refused={"": "its kernel is a spline"}),
        "log_softmax(-q)": kernel(lambda q, d, v: torch.log_softmax(-q, -1), refused={"": "log_softmax is not served"}),
        "nearest of several": Network([*body(), Several(16, 5, 3, lambda q: torch.exp(-0.1 * q.amin(-1)))]),
        "largest of several": Network([*body(), Several(16, 5, 3, lambda q: torch.exp(-0.1 * q).max(dim=2).values)]),
        "softmax of the nearest": Network([*body(), Several(16, 5, 2, lambda q: torch.softmax(-q.min(-1)[0], 1))]),
        "sum of several": Network([*body(), Several(16, 5, 2, lambda q: torch.exp(-0.1 * q).sum(-1))], refused={"": "one axis of several"}),
        "prototypes, softmax": Network([*body(), RBF(16, 5, lambda q, d, v: torch.softmax(-q, 1))]),
        "DUQ": Network([*body(), DUQ(16, 5, 6, per_class=False)]),
        "DUQ, a sigma a class": Network([*body(), DUQ(16, 5, 6, per_class=True)]),
        "a weight a feature": Network([*body(), Weighted(16, 5, full=False)]),
        "Mahalanobis": Network([*body(), Weighted(16, 5, full=True)], refused={"": "is not served"}),
        "RBF alone": Network([gaussian(8)]),
        "distance alone": Network([RBF(8, 5, lambda q, d, v: d)]),
        "-sqrt(clamp(q)) alone": Network([RBF(8, 5, lambda q, d, v: -torch.sqrt(q.clamp(min=1e-12)))]),
        "exp(-beta d) alone": Network([RBF(8, 5, lambda q, d, v: torch.exp(-v * d))]),
        "Matern 3/2 alone": Network([RBF(8, 5, matern32)]),
        "expansion alone": Network([gaussian(8, way="expansion")]),
        "RBF in the middle": Network([*body(), gaussian(16, 12), nn.Linear(12, 5)]),
        "RBF with a softmax read-out": Network([gaussian(8, 20, per_unit=True), nn.Linear(20, 5), nn.Softmax(1)]),
        "two RBF layers": Network([gaussian(8, 12), gaussian(12)]),
        "deep MLP": Network([*body(), *[m for _ in range(5) for m in (nn.Linear(16, 16), nn.Tanh())], gaussian(16)]),
        "unit length": Network([*body(), Lambda(lambda x: F.normalize(x, dim=-1)), gaussian(16)], refused={"": "sums of this kind"}),
        "standardised": Network([Standardised(8), *body(), gaussian(16)]),
        "batch normalisation": Network([nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), gaussian(16)]),
        "batch normalisation at the head": Network([*body(), nn.BatchNorm1d(16, affine=False), gaussian(16)]),
        "layer normalisation": Network([nn.LayerNorm(8), *body(nn.GELU()), nn.LayerNorm(16), gaussian(16)]),
        "RMS normalisation": Network([nn.Linear(8, 16), nn.RMSNorm(16), gaussian(16)], refused=BRANCH),
        "MLP of an image": Network([nn.Flatten(), nn.Linear(48, 16), nn.ReLU(), gaussian(16)], (1, 6, 8)),
        "MLP of a picture": Network([nn.Flatten(), nn.Linear(108, 16), nn.ReLU(), gaussian(16)], (3, 6, 6)),
        "dropout": Network([*body(), nn.Dropout(0.5), gaussian(16)]),
        "dense without bias": Network([nn.Linear(8, 16, bias=False), gaussian(16)]),
        "softmax": Network([*body(), nn.Linear(16, 5), nn.Softmax(-1)]),
        "sigmoid": Network([*body(), nn.Linear(16, 1), nn.Sigmoid()], classes=1),
        "logits": Network([*body(), nn.Linear(16, 5)]),
        "softmax at a temperature": Network([*body(), nn.Linear(16, 5), Lambda(lambda x: torch.softmax(x / 1.7, 1))]),
        "fixed batch": Network([*body(), gaussian(16)], fixed_batch=1),
        "fixed batch of 4": Network([*body(), gaussian(16, way="cdist")], fixed_batch=4),
        "Float16": Network([*body(), RBF(16, 5, lambda q, d, v: torch.exp(-0.5 * q))], dtype=torch.float16, far=8.0),
        "BFloat16": Network([*body(), RBF(16, 5, lambda q, d, v: torch.exp(-0.5 * q))], dtype=torch.bfloat16, far=8.0),
        "Float64": Network([*body(nn.Tanh()), gaussian(16, way="cdist")], dtype=torch.float64),
        "LeNet-5": Network(
            [nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
             nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), gaussian(84, 10)],
            (1, 28, 28), 10, far=4.0),
        "LeNet-5 of 1998": Network(
            [nn.Conv2d(1, 6, 5), Subsampling(6), nn.Conv2d(6, 16, 5), Subsampling(16), nn.Conv2d(16, 120, 5), nn.Tanh(),
             nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), RBF(84, 10, lambda q, d, v: q)],
            (1, 32, 32), 10, far=4.0),
        "CNN, batch normalisation": Network(
            [nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3), nn.BatchNorm2d(12),
             nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), gaussian(12)],
            (3, 14, 12), far=4.0),
        "CNN, depthwise": Network(
            [nn.Conv2d(3, 8, 3, 2, 1), *separable(8, 12), *separable(12, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), gaussian(16)],
            (3, 16, 16), far=4.0),
        "CNN, dilated and in groups": Network(
            [nn.Conv2d(4, 8, 3, dilation=2, groups=2), nn.SiLU(), nn.Conv2d(8, 8, (3, 1), padding="same"), nn.Flatten(1), gaussian(8 * 36)],
            (4, 10, 10), far=4.0),
        "CNN, PReLU": Network(
            [nn.Conv2d(1, 6, 3), nn.PReLU(6), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(6, 7), gaussian(7)], (1, 9, 9)),
        "CNN, global mean by mean()": Network(
            [nn.Conv2d(2, 6, 3), nn.ReLU(), Lambda(lambda x: x.mean((2, 3))), gaussian(6)], (2, 9, 9)),
        "CNN, view": Network(
            [nn.Conv2d(2, 3, 3, stride=2), nn.Tanh(), Lambda(lambda x: x.view(x.size(0), -1)), nn.Linear(48, 5)], (2, 9, 9)),
        "CNN, channels last": Network(
            [Lambda(lambda x: x.permute(0, 3, 1, 2)), nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), gaussian(6 * 48)], (8, 10, 3)),
        "CNN, pixels": Network(
            [Lambda(lambda x: (x / 255 - 0.1307) / 0.3081), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), gaussian(36)],
            (1, 8, 8)),
        "CNN, zero padding": Network(
            [nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), gaussian(4 * 63)], (1, 8, 8),
            refused={"torch TorchScript": "'Pad' is not served"}),
        "CNN, padded mean": Network(
            [nn.Conv2d(1, 4, 3), nn.AvgPool2d(3, 2, 1), nn.Flatten(), gaussian(36)], (1, 8, 8)),
        "CNN, padded maximum": Network(
            [nn.Conv2d(1, 4, 3), nn.MaxPool2d(3, 2, 1), nn.Flatten(), gaussian(36)], (1, 8, 8), refused={"": "its pads"}),
        "CNN, layer normalisation": Network(
            [nn.Conv2d(1, 4, 3), nn.LayerNorm([4, 6, 6]), nn.Flatten(), gaussian(144)], (1, 8, 8), refused={"": "last axis of flat rows"}),
        "CNN, softmax": Network(
            [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5), nn.Softmax(1)], (1, 8, 8)),
        "CNN of sequences": Network(
            [nn.Conv1d(3, 6, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), gaussian(42)], (3, 16), refused={"": "only convolutions of images"}),
        "group normalisation": Network(
            [nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.Flatten(), gaussian(144)], (1, 8, 8), refused={"": ""}),
        "up-sampling": Network(
            [nn.Upsample(scale_factor=2), nn.Flatten(), gaussian(256)], (1, 8, 8), refused={"": "operator"}),
        "residual": Network([*body(), Residual(nn.Linear(16, 16)), gaussian(16)], refused=BRANCH),
        "gated": Network([nn.Linear(8, 16), nn.GLU(), gaussian(8)], refused={"": ""}),
        "attention": Network([Attention(), gaussian(32)], (4, 8), refused={"": ""}),
        "reflected padding": Network(
            [nn.ReflectionPad2d(1), nn.Conv2d(1, 4, 3), nn.Flatten(), gaussian(256)], (1, 8, 8), refused={"": "'Pad' is not served"}),
    }  # fmt: skip
    return table
