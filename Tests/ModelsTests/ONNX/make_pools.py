"""Writes pool_*: images under poolings with padding that is neither none nor TensorFlow's, as PyTorch writes them.

Run with PyTorch and NumPy: python3 make_pools.py. The files here were written by PyTorch 1.13. Every pooling is
computed a second time in NumPy, window by window, in Float64.
"""

import io
import json
import math
import warnings
from pathlib import Path

import numpy
import torch
from torch import nn

FOLDER = Path(__file__).parent
warnings.filterwarnings("ignore")
torch.manual_seed(31)


class RBF(nn.Module):
    def __init__(self, features, units):
        super().__init__()
        self.centers = nn.Parameter(torch.randn(units, features) * 0.5)

    def squares(self, x):
        return (x.unsqueeze(1) - self.centers).pow(2).sum(-1)

    def forward(self, x):
        return torch.exp(-0.3 * self.squares(x))


def pooled(x, pool):
    """A pooling of [N, C, H, W], from its definition."""
    pairs = (pool.kernel_size, pool.stride, pool.padding)
    size, stride, padding = (pair if isinstance(pair, tuple) else (pair, pair) for pair in pairs)
    count = []
    for axis in range(2):
        rest = x.shape[2 + axis] + 2 * padding[axis] - size[axis]
        windows = (math.ceil if pool.ceil_mode else math.floor)(rest / stride[axis]) + 1
        # A window that begins behind the image is none.
        count.append(windows - ((windows - 1) * stride[axis] >= x.shape[2 + axis] + padding[axis]))
    y = numpy.empty(x.shape[:2] + tuple(count))
    for i in range(count[0]):
        for j in range(count[1]):
            top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
            cells = x[:, :, max(top, 0) : top + size[0], max(left, 0) : left + size[1]]
            y[:, :, i, j] = cells.max((2, 3)) if isinstance(pool, nn.MaxPool2d) else cells.mean((2, 3))
    return y


POOLS = {
    # The first pooling of a ResNet, on an even image.
    "maximum": ((3, 8, 10), nn.MaxPool2d(3, 2, padding=1)),
    "maximum_uneven": ((2, 7, 6), nn.MaxPool2d((3, 2), (2, 3), padding=(1, 0))),
    "maximum_of_one_channel": ((1, 6, 6), nn.MaxPool2d(4, 2, padding=2)),
    "maximum_ceil": ((2, 7, 6), nn.MaxPool2d(2, 2, ceil_mode=True)),
    "maximum_ceil_padded": ((3, 8, 7), nn.MaxPool2d(3, 2, padding=1, ceil_mode=True)),
    "mean": ((3, 8, 10), nn.AvgPool2d(3, 2, padding=1, count_include_pad=False)),
    "mean_ceil": ((2, 7, 8), nn.AvgPool2d((2, 3), 3, padding=(1, 0), ceil_mode=True, count_include_pad=False)),
}
for name, (shape, pool) in POOLS.items():
    for isFirst in [False, True]:
        channels = shape[0] if isFirst else 4
        # Numbers below 0 reach the pooling either way: a zero of the padding would be the largest.
        body = nn.Identity() if isFirst else nn.Conv2d(shape[0], channels, 3, padding=1)
        width = math.prod(pool(body(torch.zeros(1, *shape))).shape)
        head = RBF(5, 3)
        if not isFirst:
            nn.init.constant_(body.bias, -0.7)
        model = nn.Sequential(body, pool, nn.Flatten(), nn.Linear(width, 5), nn.ReLU(), head).eval()
        inputs = torch.randn(4, *shape) - (1 if isFirst else 0)
        inputs[2] *= 30
        folder = FOLDER / f"pool_{name}{'_of_rows' if isFirst else ''}"
        folder.mkdir(exist_ok=True)
        content = io.BytesIO()
        torch.onnx.export(
            model, (inputs[:2],), content, opset_version=13, input_names=["image"], output_names=["probabilities"],
            dynamic_axes={"image": {0: "batch"}, "probabilities": {0: "batch"}},
        )  # fmt: skip
        (folder / "model.onnx").write_bytes(content.getvalue())
        with torch.no_grad():
            outputs = model(inputs)
            model.double()
            before = body(inputs.double())
            numpy.testing.assert_allclose(pooled(before.numpy(), pool), pool(before).numpy(), rtol=1e-15, atol=1e-15)
            outputs64 = model(inputs.double())
            squares = head.squares(model[:-1](inputs.double()))
        vectors = {
            "source": f"PyTorch {torch.__version__}, opset 13",
            "inputs": inputs.flatten(1).tolist(),
            "outputs": outputs.double().tolist(),
            "outputs64": outputs64.tolist(),
            "distances": {"rbf": squares.tolist()},
            "framework_error": {"max_abs": float((outputs.double() - outputs64).abs().max())},
        }
        (folder / "vectors.json").write_text(json.dumps(vectors) + "\n")
