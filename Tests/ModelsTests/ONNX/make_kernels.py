"""Writes kernel_*: graphs of every function of the distance, as PyTorch writes them, with its answers in Float32 and in Float64.

Run with PyTorch: python3 make_kernels.py. The files here were written by PyTorch 1.13.
"""

import io
import json
import warnings
from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).parent
FEATURES, HIDDEN, UNITS = 6, 5, 4
warnings.filterwarnings("ignore")
torch.manual_seed(21)


class Head(nn.Module):
    """A function of the squared distances q to `units` centers, of the distances d, and of a number or one a unit."""

    def __init__(self, function, units=UNITS, per_unit=False, way="square"):
        super().__init__()
        self.centers = nn.Parameter(torch.randn(units, HIDDEN))
        self.number = nn.Parameter(torch.rand(units) * 0.6 + 0.3) if per_unit else 0.625
        self.function, self.way = function, way

    def squares(self, x):
        return (x.unsqueeze(1) - self.centers).pow(2).sum(-1)

    def forward(self, x):
        if self.way == "cdist":
            d = torch.cdist(x, self.centers)
            return self.function(d * d, d, self.number)
        q = self.squares(x)
        return self.function(q, q.sqrt(), self.number)


class Several(nn.Module):
    """Three classes of two prototypes: the nearest of each."""

    def __init__(self, function, flat):
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(3, 2, HIDDEN))
        self.function, self.flat = function, flat

    def squares(self, x):
        if self.flat:
            q = (x.unsqueeze(1) - self.prototypes.view(6, HIDDEN)).pow(2).sum(-1)
            return q.view(-1, 3, 2)
        return (x[:, None, None] - self.prototypes).pow(2).sum(-1)

    def forward(self, x):
        return self.function(self.squares(x))


class Duq(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 3, HIDDEN) * 0.6)
        self.centers = nn.Parameter(torch.randn(4, 3))
        self.log_sigma = nn.Parameter(torch.rand(3) - 0.8)

    def squares(self, x):
        return (torch.einsum("nd,ecd->nec", x, self.w) - self.centers).pow(2).mean(1)

    def forward(self, x):
        return torch.exp(-self.squares(x) / (2 * self.log_sigma.exp() ** 2))


def over_sum(k, epsilon):
    return k / (epsilon + k.sum(-1, keepdim=True))


ROOT3, ROOT5 = 3**0.5, 5**0.5
HEADS = {
    "scaled": Head(lambda q, d, v: v * q),
    "scaled_per_unit": Head(lambda q, d, v: v * q, per_unit=True),
    "euclidean": Head(lambda q, d, v: d),
    "euclidean_cdist": Head(lambda q, d, v: d, way="cdist"),
    "temperature": Head(lambda q, d, v: -d / v),
    "temperature_softmax": Head(lambda q, d, v: torch.softmax(-d / v, -1)),
    "laplace_per_unit": Head(lambda q, d, v: torch.exp(-v * d), per_unit=True),
    "inverse_quadratic": Head(lambda q, d, v: 1 / (1 + (v * d) ** 2)),
    "inverse_quadratic_per_unit": Head(lambda q, d, v: (1 + v * q).reciprocal(), per_unit=True),
    "inverse_multiquadric": Head(lambda q, d, v: 1 / torch.sqrt(1 + (v * d).pow(2))),
    "inverse_multiquadric_c": Head(lambda q, d, v: (q + v**2).rsqrt()),
    "multiquadric": Head(lambda q, d, v: torch.sqrt(1 + v * q)),
    "matern32": Head(lambda q, d, v: (1 + ROOT3 * d / v) * torch.exp(-ROOT3 * d / v)),
    "matern32_per_unit": Head(lambda q, d, v: (1 + ROOT3 * d / v) * torch.exp(-ROOT3 * d / v), per_unit=True),
    "matern52": Head(lambda q, d, v: (1 + ROOT5 * d / v + 5 * q / (3 * v**2)) * torch.exp(-ROOT5 * d / v)),
    "student_t": Head(lambda q, d, v: (1 + q / v) ** (-(v + 1) / 2)),
    "rational_quadratic": Head(lambda q, d, v: (1 + q / (2 * 1.5 * v**2)) ** -1.5),
    "cauchy_squared": Head(lambda q, d, v: 1 / (1 + v * q) ** 2),
    "normalised_student_t": Head(lambda q, d, v: over_sum(1 / (1 + q / v), 0)),
    "normalised_gaussian": Head(lambda q, d, v: over_sum(torch.exp(-v * q), 1e-6), per_unit=True),
    "normalised_matern": Head(lambda q, d, v: over_sum((1 + ROOT3 * d) * torch.exp(-ROOT3 * d), 1e-9)),
    "amplitude": Head(lambda q, d, v: 2.5 * torch.exp(-v * q + 0.25) - 1),
    "several": Several(lambda q: torch.exp(-0.4 * q.amin(-1)), flat=False),
    "several_flat": Several(lambda q: -q.amin(-1), flat=True),
    "several_largest": Several(lambda q: torch.exp(-0.4 * q).amax(-1), flat=False),
    "several_softmax": Several(lambda q: torch.softmax((-q.sqrt()).amax(-1), -1), flat=True),
    "duq_sigma_per_class": Duq(),
}
for name, head in HEADS.items():
    body = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU())
    model = nn.Sequential(body, head).eval()
    inputs = torch.randn(7, FEATURES)
    inputs[5] *= 20
    folder = FOLDER / f"kernel_{name}"
    folder.mkdir(exist_ok=True)
    content = io.BytesIO()
    opset = 14 if name.startswith("several") else 13
    torch.onnx.export(
        model, (inputs[:2],), content, opset_version=opset, input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
    )  # fmt: skip
    (folder / "model.onnx").write_bytes(content.getvalue())
    with torch.no_grad():
        outputs = model(inputs)
        model.double()
        if isinstance(getattr(head, "number", None), float):
            head.number = float(torch.tensor(head.number))
        outputs64 = model(inputs.double())
        squares = head.squares(body(inputs.double()))
        if isinstance(head, Several):
            squares = squares.amin(-1)
    vectors = {
        "source": f"PyTorch {torch.__version__}, opset {opset}",
        "inputs": inputs.tolist(),
        "outputs": outputs.double().tolist(),
        "outputs64": outputs64.tolist(),
        "distances": {"rbf": squares.tolist()},
        "framework_error": {"max_abs": float((outputs.double() - outputs64).abs().max())},
    }
    (folder / "vectors.json").write_text(json.dumps(vectors) + "\n")
