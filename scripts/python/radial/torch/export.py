"""From a trained PyTorch model to the file that Radial serves.

PyTorch's images are [channels, rows, columns], Radial's [rows, columns, channels]: the file takes its rows so. Of one
channel they are the same numbers.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..calibration import FALSE_REJECT_RATE, Calibration
from ..model_file import SELF_TEST_ROWS, Answers, Description, rows_at_once, write
from ..prototypes import warn_of_close_prototypes
from .layer import OUTPUT_FORMS, RBFLayer


def export(
    model: nn.Sequential,
    path: str | Path,
    held_out: np.ndarray | torch.Tensor,
    labels: Sequence[str] | None = None,
    calibrate: bool = True,
    false_reject_rate: float = FALSE_REJECT_RATE,
    output_form: str | None = None,
    preprocessing: tuple[float, float] | None = None,
    training: dict[str, Any] | None = None,
) -> None:
    """Writes an `nn.Sequential` that ends in an `RBFLayer` to a `.safetensors` file, calibrated with `held_out` rows.

    `held_out` [N, ...] are rows, as clients send them, that the model was not trained with; no labels are needed. The
    first ones become the file's self-test, with PyTorch's own answers. `output_form` is what the file is to answer
    instead of what the model does: "gaussian" for scores in 0…1. `preprocessing` (scale, offset) says that the model
    takes x * scale + offset of a client's x, which is done here too: (1 / 255, 0) where a model of pixels takes 0…1.
    `training` is any JSON object, shown by the server. Layers that have no place in the file are a ValueError.
    """
    layers = chain(model)
    head = layers[-1]
    if not isinstance(head, RBFLayer):
        raise ValueError(f"the last layer is {type(head).__name__}, expected an RBFLayer: radial.torch.distance_head puts one there")
    if labels is not None and len(labels) != head.units:
        raise ValueError(f"{len(labels)} labels, expected one for each of the {head.units} units")
    # A copy: a layer may work in place.
    held_out = torch.as_tensor(held_out, dtype=torch.float32).detach().cpu().clone()
    if len(held_out) == 0:
        raise ValueError("there are no held-out rows, expected some of every class")
    description = describe(model, tuple(held_out.shape[1:]), output_form, preprocessing)
    prepared = held_out
    if preprocessing is not None:
        scale, offset = preprocessing
        if not (np.isfinite(scale) and np.isfinite(offset) and np.float32(scale) != 0):
            raise ValueError(f"preprocessing is {preprocessing}, expected two numbers, the first of them not 0")
        # As the server computes it, in float32.
        prepared = held_out * float(np.float32(scale)) + float(np.float32(offset))
    if any(tensor.dtype != torch.float32 for tensor in model.parameters()):
        raise ValueError("some parameters are not of float32, expected model.float()")
    distances = _answers(model, head, "distance", prepared)
    if not np.isfinite(distances).all():
        raise ValueError("some distances of the held-out rows are not finite numbers")
    warn_of_close_prototypes(head.centers.detach().cpu().numpy(), head.gamma)
    rows = held_out.numpy()
    rows = (np.moveaxis(rows, 1, 3) if rows.ndim == 4 else rows).reshape(len(rows), -1)
    tested = prepared[:SELF_TEST_ROWS]
    write(
        path,
        description,
        Answers(
            rows[:SELF_TEST_ROWS],
            _answers(model, head, output_form or head.output_form, tested),
            _answers(model, head, "distance", tested),
        ),
        labels=labels,
        training=training,
        calibration=Calibration.fit(distances) if calibrate else None,
        calibration_rows=rows,
        false_reject_rate=false_reject_rate,
    )


def describe(
    model: nn.Sequential,
    input_shape: tuple[int, ...],
    output_form: str | None = None,
    preprocessing: tuple[float, float] | None = None,
) -> Description:
    """The network as a model file has it, with its float32 weights; `input_shape` is PyTorch's, without the rows."""
    if output_form is not None and output_form not in OUTPUT_FORMS:
        raise ValueError(f"output_form is {output_form!r}, expected one of {', '.join(OUTPUT_FORMS)}")
    if len(input_shape) not in (1, 3):
        raise ValueError(f"rows have the shape {tuple(input_shape)}, expected (features,) or (channels, rows, columns)")
    layers = chain(model)
    writer = _Writer(tuple(input_shape), output_form, layers[-1])
    for index, layer in enumerate(layers):
        writer.add(index, layer)
    channels, *size = input_shape
    shape = [*size, channels]
    architecture = {"version": 1, "input_shape": shape, "layers": writer.layers}
    return Description(
        architecture, writer.tensors, None if preprocessing is None else {"scale": preprocessing[0], "offset": preprocessing[1]}
    )


def chain(model: nn.Module) -> list[nn.Module]:
    """The layers in order; sequences in the sequence are laid flat."""
    if not isinstance(model, nn.Sequential) or type(model).forward is not nn.Sequential.forward:
        raise ValueError(f"{type(model).__name__}: expected an nn.Sequential without a forward of its own, whose order of layers is known")
    for module in model.modules():
        if module._forward_hooks or module._forward_pre_hooks:  # noqa: SLF001
            raise ValueError(f"{type(module).__name__} has a forward hook, which a file cannot hold: remove it")
    layers = [inner for layer in model for inner in (chain(layer) if isinstance(layer, nn.Sequential) else [layer])]
    if not layers:
        raise ValueError("the model has no layers")
    return layers


@torch.no_grad()
def _answers(model: nn.Module, head: RBFLayer, form: str, rows: torch.Tensor) -> np.ndarray:
    """What the model answers [N, C] in evaluation mode when its head has another form."""
    before, modes = head.output_form, [(module, module.training) for module in model.modules()]
    step = rows_at_once(head.in_features, head.units)
    head.output_form = form
    model.eval()
    try:
        device = head.centers.device
        parts = [model(rows[start : start + step].clone().to(device)).cpu().numpy() for start in range(0, len(rows), step)]
    finally:
        head.output_form = before
        for module, training in modes:
            module.training = training
    return np.concatenate(parts)


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


class _Writer:
    """Takes layers one after another, and keeps the shape between them.

    Behind a Flatten of an image PyTorch counts channel by channel and the file pixel by pixel: `_order` [H] says at
    which of PyTorch's places each of the file's numbers stands, until a layer whose weights can take it up.
    """

    def __init__(self, shape: tuple[int, ...], output_form: str | None, head: nn.Module) -> None:
        self.layers: list[dict[str, Any]] = []
        self.tensors: dict[str, np.ndarray] = {}
        self._shape = shape
        self._output_form, self._head = output_form, head
        self._order: np.ndarray | None = None
        self._name = ""

    def add(self, index: int, layer: nn.Module) -> None:
        kind = type(layer).__name__
        if type(layer) not in _LAYERS:
            raise ValueError(
                f"layer {index} is {kind}, which export does not write, expected one of"
                f" {', '.join(sorted(one.__name__ for one in _LAYERS))}"
            )
        self._name = f"{kind.lower()}_{index}"
        _LAYERS[type(layer)](self, layer)

    def refuse(self, sentence: str) -> ValueError:
        return ValueError(f"layer {self._name!r}: {sentence}")

    def put(self, kind: str, tensors: Mapping[str, Any] | None = None, **members: Any) -> None:
        self.layers.append({"type": kind, "name": self._name, **members})
        for part, tensor in (tensors or {}).items():
            if tensor is not None:
                values = tensor.detach().cpu().numpy() if isinstance(tensor, torch.Tensor) else tensor
                self.tensors[f"{self._name}.{part}"] = np.ascontiguousarray(values, np.float32)

    def image(self) -> tuple[int, int, int]:
        if len(self._shape) != 3:
            raise self.refuse(f"it is given {self._shape}, expected an image (channels, rows, columns)")
        return self._shape

    def flat(self) -> int:
        if len(self._shape) != 1:
            raise self.refuse(f"it is given an image {self._shape}, expected a flat row: put a Flatten before it")
        return self._shape[0]

    def ordered(self, weights: torch.Tensor) -> np.ndarray:
        """`weights` [..., H] in the file's order."""
        values = weights.detach().cpu().numpy()
        return np.asarray(values if self._order is None else values[..., self._order])

    def linear(self, layer: nn.Linear) -> None:
        self.flat()
        self.put(
            "dense", {"kernel": self.ordered(layer.weight).T, "bias": layer.bias}, units=layer.out_features,
            use_bias=layer.bias is not None, activation="linear",
        )  # fmt: skip
        self._shape, self._order = (layer.out_features,), None

    def rbf(self, layer: RBFLayer) -> None:
        self.flat()
        form = self._output_form if layer is self._head and self._output_form else layer.output_form
        if not 0 < np.float32(layer.gamma) < np.inf:
            raise self.refuse(f"gamma is {layer.gamma}, expected a positive number of float32")
        members: dict[str, Any] = {"units": layer.units, "output": form}
        if form != "distance":
            members["scale"] = float(np.float32(layer.gamma))
        self.put("rbf", {"centers": self.ordered(layer.centers)}, **members, centers_layout="units_features")
        self._shape, self._order = (layer.units,), None

    def convolution(self, layer: nn.Conv2d) -> None:
        _, rows, columns = self.image()
        if layer.padding_mode != "zeros":
            raise self.refuse(f"padding_mode is {layer.padding_mode!r}, expected zeros")
        kernel, strides, dilation = _pair(layer.kernel_size), _pair(layer.stride), _pair(layer.dilation)
        reach = [(k - 1) * d for k, d in zip(kernel, dilation)]
        if layer.padding == "same":
            margins = [[r // 2, r - r // 2] for r in reach]
        elif layer.padding == "valid":
            margins = [[0, 0], [0, 0]]
        else:
            margins = [[p, p] for p in _pair(layer.padding)]
        name = self._name
        if margins != [[0, 0], [0, 0]]:
            self._name = f"{name}_padding"
            self.put("zero_padding2d", padding=margins)
            self._name = name
        more: dict[str, Any] = {} if layer.groups == 1 else {"groups": layer.groups}
        if dilation != [1, 1]:
            more["dilation_rate"] = dilation
        self.put(
            "conv2d", {"kernel": layer.weight.permute(2, 3, 1, 0), "bias": layer.bias}, filters=layer.out_channels,
            kernel_size=kernel, strides=strides, padding="valid", use_bias=layer.bias is not None,
            activation="linear", **more,
        )  # fmt: skip
        size = [(n + sum(m) - r - 1) // s + 1 for n, m, r, s in zip((rows, columns), margins, reach, strides)]
        self._shape = (layer.out_channels, *size)

    def pooling(self, kind: str, layer: Any) -> None:
        channels, *size = self.image()
        window, strides = _pair(layer.kernel_size), _pair(layer.stride)
        plain = _pair(layer.padding) == [0, 0] and not layer.ceil_mode and _pair(getattr(layer, "dilation", 1)) == [1, 1]
        if not plain or getattr(layer, "divisor_override", None):
            raise self.refuse("expected pooling without padding, ceil_mode, dilation and divisor_override")
        self.put(kind, pool_size=window, strides=strides, padding="valid")
        self._shape = (channels, *((n - w) // s + 1 for n, w, s in zip(size, window, strides)))

    def adaptive(self, kind: str, layer: Any) -> None:
        channels, _, _ = self.image()
        if _pair(layer.output_size) != [1, 1]:
            raise self.refuse(f"output_size is {layer.output_size}, expected 1")
        self.put(kind, keepdims=True)
        self._shape = (channels, 1, 1)

    def batch_normalization(self, layer: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        self.image() if isinstance(layer, nn.BatchNorm2d) else self.flat()
        if layer.running_mean is None:
            raise self.refuse("it keeps no running statistics, and so has no answer for one row")
        parts = {"moving_mean": self.ordered(layer.running_mean), "moving_variance": self.ordered(layer.running_var)}
        if layer.affine:
            parts |= {"gamma": self.ordered(layer.weight), "beta": self.ordered(layer.bias)}
        self.put("batch_normalization", parts, epsilon=layer.eps, center=layer.affine, scale=layer.affine)

    def layer_normalization(self, layer: nn.LayerNorm) -> None:
        if list(layer.normalized_shape) != [self.flat()]:
            raise self.refuse(f"normalized_shape is {layer.normalized_shape}, expected the whole flat row")
        parts: dict[str, Any] = {}
        bias = getattr(layer, "bias", None)
        if layer.elementwise_affine:
            parts["gamma"] = self.ordered(layer.weight)
            if bias is not None:
                parts["beta"] = self.ordered(bias)
        self.put("layer_normalization", parts, epsilon=layer.eps, center="beta" in parts, scale="gamma" in parts)

    def flatten(self, layer: nn.Flatten) -> None:
        if layer.start_dim != 1 or layer.end_dim not in (-1, len(self._shape)):
            raise self.refuse("expected a Flatten of everything but the rows")
        if len(self._shape) == 3:
            channels, rows, columns = self._shape
            if channels > 1 and rows * columns > 1:
                places = np.arange(math.prod(self._shape)).reshape(self._shape)
                self._order = np.moveaxis(places, 0, 2).ravel()
        self.put("flatten")
        self._shape = (math.prod(self._shape),)

    def activation(self, name: str, **members: Any) -> None:
        self.put("activation", activation=name, **members)

    def gelu(self, layer: nn.GELU) -> None:
        if getattr(layer, "approximate", "none") != "none":
            raise self.refuse(f"approximate is {layer.approximate!r}, expected none")
        self.activation("gelu")

    def softplus(self, layer: nn.Softplus) -> None:
        if layer.beta != 1 or layer.threshold < 15:
            raise self.refuse(f"beta is {layer.beta} and threshold {layer.threshold}, expected 1 and 20")
        self.activation("softplus")


_LAYERS: dict[type, Callable[[_Writer, Any], None]] = {
    nn.Linear: _Writer.linear,
    RBFLayer: _Writer.rbf,
    nn.Conv2d: _Writer.convolution,
    nn.MaxPool2d: lambda writer, layer: writer.pooling("max_pooling2d", layer),
    nn.AvgPool2d: lambda writer, layer: writer.pooling("average_pooling2d", layer),
    nn.AdaptiveAvgPool2d: lambda writer, layer: writer.adaptive("global_average_pooling2d", layer),
    nn.AdaptiveMaxPool2d: lambda writer, layer: writer.adaptive("global_max_pooling2d", layer),
    nn.BatchNorm1d: _Writer.batch_normalization,
    nn.BatchNorm2d: _Writer.batch_normalization,
    nn.LayerNorm: _Writer.layer_normalization,
    nn.Flatten: _Writer.flatten,
    nn.ReLU: lambda writer, layer: writer.activation("relu"),
    nn.ReLU6: lambda writer, layer: writer.activation("relu6"),
    nn.Tanh: lambda writer, layer: writer.activation("tanh"),
    nn.Sigmoid: lambda writer, layer: writer.activation("sigmoid"),
    nn.SELU: lambda writer, layer: writer.activation("selu"),
    nn.SiLU: lambda writer, layer: writer.activation("swish"),
    nn.Softsign: lambda writer, layer: writer.activation("softsign"),
    nn.ELU: lambda writer, layer: writer.activation("elu", alpha=float(layer.alpha)),
    nn.LeakyReLU: lambda writer, layer: writer.activation("leaky_relu", negative_slope=float(layer.negative_slope)),
    nn.GELU: _Writer.gelu,
    nn.Softplus: _Writer.softplus,
    nn.Identity: lambda writer, layer: None,
    nn.Dropout: lambda writer, layer: None,
    nn.Dropout2d: lambda writer, layer: None,
}
"""What has a place in the file."""
