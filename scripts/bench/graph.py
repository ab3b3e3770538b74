"""A model file of Radial's as an ONNX graph with the very same weights, for its peers: channels first, as they want it.

A distance is the sum of squared differences where these fit the caches, and |x|^2 - 2 x.c + |c|^2 where [rows, classes, inputs] would be
gigabytes, as of the large network: half the work, and fewer digits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from radial import tensor_file

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


class Graph:
    """One node behind the other; `shape` is [rows, columns, channels] or [width], as Radial has it."""

    def __init__(self, path: Path) -> None:
        self.tensors, metadata = tensor_file.read(path)
        architecture = json.loads(metadata["radial.architecture"])
        self.shape: list[int] = architecture["input_shape"]
        self.input_shape = channels_first(self.shape)
        self.tip = "x"
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        # Where the last image was flattened: rows, columns, channels.
        self.image: list[int] | None = None
        # Products of a row, and those of them that are a squared difference's.
        self.products = self.differences = 0
        if scaling := metadata.get("radial.preprocessing"):
            scale, offset = (np.float32(json.loads(scaling)[part]) for part in ("scale", "offset"))
            self.node("Mul", self.constant(scale)).node("Add", self.constant(offset))
        for layer in architecture["layers"]:
            getattr(self, layer["type"])(layer)

    def constant(self, values: Any) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def part(self, layer: dict[str, Any], name: str) -> np.ndarray:
        return self.tensors[f"{layer['name']}.{name}"]

    def node(self, operation: str, *others: str, **attributes: Any) -> Graph:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, [self.tip, *others], [name], **attributes))
        self.tip = name
        return self

    def activation(self, layer: dict[str, Any]) -> None:
        name = layer.get("activation", "linear")
        if name == "scaled_tanh":
            two_thirds, factor = (self.constant(np.float32(value)) for value in (2 / 3, 1.7159))
            self.node("Mul", two_thirds).node("Tanh").node("Mul", factor)
        elif name != "linear":
            self.node(ACTIVATIONS[name])

    def dense(self, layer: dict[str, Any]) -> None:
        kernel = self.part(layer, "kernel")
        if self.image:
            rows, columns, channels = self.image
            kernel = kernel.reshape(rows, columns, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            self.image = None
        self.products += kernel.size
        self.node("Gemm", self.constant(kernel), self.constant(self.part(layer, "bias")))
        self.shape = [layer["units"]]
        self.activation(layer)

    def conv2d(self, layer: dict[str, Any]) -> None:
        *cells, channels = self.shape
        size, strides = layer["kernel_size"], layer["strides"]
        # As Keras pads: with a stride, less before than behind.
        lost = [max((-(-n // s) - 1) * s + k - n, 0) if layer["padding"] == "same" else 0 for n, k, s in zip(cells, size, strides)]
        pads = [n // 2 for n in lost] + [n - n // 2 for n in lost]
        kernel = self.constant(self.part(layer, "kernel").transpose(3, 2, 0, 1))
        self.node("Conv", kernel, self.constant(self.part(layer, "bias")), pads=pads, strides=strides, group=layer.get("groups", 1))
        self.shape = [(n + p - k) // s + 1 for n, p, k, s in zip(cells, lost, size, strides)] + [layer["filters"]]
        self.products += int(np.prod(self.shape[:2])) * self.part(layer, "kernel").size
        self.activation(layer)

    def batch_normalization(self, layer: dict[str, Any]) -> None:
        parts = [self.constant(self.part(layer, name)) for name in ("gamma", "beta", "moving_mean", "moving_variance")]
        self.node("BatchNormalization", *parts, epsilon=layer["epsilon"])

    def pooling(self, layer: dict[str, Any], operation: str) -> None:
        size, strides = layer["pool_size"], layer["strides"]
        self.node(operation, kernel_shape=size, strides=strides)
        self.shape = [(n - k) // s + 1 for n, k, s in zip(self.shape, size, strides)] + self.shape[2:]

    def average_pooling2d(self, layer: dict[str, Any]) -> None:
        self.pooling(layer, "AveragePool")

    def max_pooling2d(self, layer: dict[str, Any]) -> None:
        self.pooling(layer, "MaxPool")

    def flatten(self, _: dict[str, Any]) -> None:
        # One cell needs no other order.
        self.image = self.shape if self.shape[:2] != [1, 1] else None
        self.shape = [int(np.prod(self.shape))]
        self.node("Flatten")

    def rbf(self, layer: dict[str, Any]) -> None:
        if self.image or layer["output"] != "gaussian":
            raise ValueError(f"layer {layer['name']}: expected Gaussians of a vector")
        centers = self.part(layer, "centers")
        if layer["centers_layout"] == "features_units":
            centers = centers.T
        self.products += centers.size
        self.differences += centers.size
        last = self.constant(np.array([-1]))
        if centers.size > 1 << 20:
            x = self.tip
            self.node("ReduceSumSquare", last, keepdims=1)
            squares, self.tip = self.tip, x
            self.node("MatMul", self.constant(-2 * centers.T)).node("Add", squares).node("Add", self.constant((centers**2).sum(1)))
        else:
            self.node("Unsqueeze", self.constant(np.array([1])))
            self.node("Sub", self.constant(centers[None])).node("ReduceSumSquare", last, keepdims=0)
        self.shape = [len(centers)]
        self.node("Mul", self.constant(np.float32(-layer["scale"]))).node("Exp")

    @property
    def weight_bytes(self) -> int:
        return sum(4 * tensor.size for name, tensor in self.tensors.items() if not name.startswith(("selftest.", "calibration.")))

    def serialized(self) -> bytes:
        """The graph: x [n, ...] of Float32 to its last node's [n, classes]."""
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *self.input_shape])
        outputs = helper.make_tensor_value_info(self.tip, TensorProto.FLOAT, ["n", *self.shape])
        graph = helper.make_graph(self.nodes, "network", [x], [outputs], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def channels_first(shape: list[int]) -> list[int]:
    return [shape[2], shape[0], shape[1]] if len(shape) == 3 else shape


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(Graph(Path(sys.argv[1])).serialized())
