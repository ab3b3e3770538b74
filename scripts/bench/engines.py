"""The networks of Sources/radial-bench/Networks.swift in ONNX Runtime and OpenVINO beside radial-bench: rows a second, one thread each.

Channels first, as both want it. The RBF layer is the sum of squared differences; of the large network, where its [rows, classes, inputs] would
be gigabytes, the expansion |x|^2 - 2 x.c + |c|^2. Both peers are held against each other before they are timed. scripts/bench/engines.sh.
"""

import os
import statistics
import subprocess
import sys
import time

import numpy
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

BATCHES = [1, 8, 64]


class Network:
    """A graph, layer by layer."""

    def __init__(self, *shape):
        self.random = numpy.random.default_rng(1)
        self.shape, self.tip, self.nodes, self.weights = shape, "x", [], []
        self.input = shape

    def weight(self, bound, *shape):
        return self.constant(self.random.uniform(-bound, bound, shape).astype(numpy.float32))

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operation, *others, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, [self.tip, *others], [name], **attributes))
        self.tip = name
        return self

    def convolution(self, filters, size, activation, stride=1, same=True, depthwise=False):
        channels, rows, columns = self.shape
        groups = channels if depthwise else 1
        filters = channels if depthwise else filters
        # As Keras pads: with a stride, less before than behind.
        total = [max((-(-n // stride) - 1) * stride + size - n, 0) if same else 0 for n in (rows, columns)]
        before = [n // 2 for n in total]
        pads = before + [n - b for n, b in zip(total, before)]
        self.node(
            "Conv", self.weight(0.2, filters, channels // groups, size, size), self.weight(0.1, filters),
            pads=pads, strides=[stride, stride], group=groups,
        )
        self.shape = (filters, *((n + p - size) // stride + 1 for n, p in zip((rows, columns), total)))
        return self.node(activation) if activation else self

    def normalization(self):
        channels = self.shape[0]
        parts = [self.weight(1, channels) for _ in range(3)]
        return self.node("BatchNormalization", *parts, self.constant(self.random.uniform(0.9, 1.1, channels).astype(numpy.float32)))

    def pool(self, kind, size=2):
        self.shape = (self.shape[0], self.shape[1] // size, self.shape[2] // size)
        return self.node(kind, kernel_shape=[size, size], strides=[size, size])

    def flatten(self):
        self.shape = (int(numpy.prod(self.shape)),)
        return self.node("Flatten")

    def dense(self, units, activation):
        inputs = self.shape[0]
        self.node("Gemm", self.weight((2 / inputs) ** 0.5, inputs, units), self.weight(0.1, units))
        self.shape = (units,)
        return self.node(activation)

    def prototypes(self, classes):
        inputs = self.shape[0]
        centers = self.random.uniform(-1, 1, (classes, inputs)).astype(numpy.float32)
        last = self.constant(numpy.array([-1], numpy.int64))
        if inputs * classes > 1 << 20:
            x = self.tip
            self.node("ReduceSumSquare", last, keepdims=1)
            squares, self.tip = self.tip, x
            self.node("MatMul", self.constant(numpy.ascontiguousarray(-2 * centers.T)))
            self.node("Add", squares).node("Add", self.constant((centers**2).sum(1)))
        else:
            self.node("Unsqueeze", self.constant(numpy.array([1], numpy.int64)))
            self.node("Sub", self.constant(centers[None])).node("ReduceSumSquare", last, keepdims=0)
        self.shape = (classes,)
        return self.node("Mul", self.constant(numpy.array(-0.1, numpy.float32))).node("Exp")

    def model(self):
        graph = helper.make_graph(
            self.nodes, "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *self.input])],
            [helper.make_tensor_value_info(self.tip, TensorProto.FLOAT, ["n", *self.shape])], self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.checker.check_model(model)
        return model.SerializeToString()


def cnn(network):
    for filters in (16, 32, 64):
        network.convolution(filters, 3, None).normalization().node("Relu").pool("MaxPool")
    return network.flatten().dense(128, "Relu").prototypes(10)


def separable():
    network = Network(3, 32, 32).convolution(32, 3, "Relu")
    for filters, stride in ((64, 1), (128, 2), (128, 1), (256, 2)):
        network.convolution(None, 3, "Relu", stride, depthwise=True).convolution(filters, 1, "Relu")
    return network.pool("AveragePool", 8).flatten().prototypes(10)


NETWORKS = {
    "small": lambda: Network(784).dense(256, "Tanh").dense(84, "Tanh").prototypes(10),
    "large": lambda: Network(2048).dense(4096, "Relu").dense(4096, "Relu").prototypes(1000),
    "lenet5": lambda: Network(1, 28, 28).convolution(6, 5, "Tanh").pool("AveragePool")
    .convolution(16, 5, "Tanh", same=False).pool("AveragePool").flatten().dense(120, "Tanh").dense(84, "Tanh").prototypes(10),
    "cnn28": lambda: cnn(Network(1, 28, 28)),
    "cnn32": lambda: cnn(Network(3, 32, 32)),
    "separable32": separable,
}


def with_onnxruntime(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0]


def with_openvino(model):
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    requests = {}

    def run(x):
        request = requests.setdefault(len(x), compiled.create_infer_request())
        return request.infer([x], share_inputs=True)[compiled.output(0)]

    return run


def rate(run, rows):
    """Rows a second: the median of passes of about ten milliseconds."""
    start = time.perf_counter()
    run(rows)
    inner = max(1, int(0.01 / (time.perf_counter() - start + 1e-9)))
    rates = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(inner):
            run(rows)
        rates.append(inner * len(rows) / (time.perf_counter() - start))
    return statistics.median(rates)


def radial(name):
    text = subprocess.run([os.environ["RADIAL_BENCH"], name], check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in text.splitlines() if line.startswith(name)]
    return {int(line[1]): (float(line[2]), float(line[4])) for line in lines if int(line[1]) in BATCHES}


def main():
    names = sys.argv[1:] or list(NETWORKS)
    rounds = int(os.environ.get("ROUNDS", "3"))
    print(f"rows a second, one thread; onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__.split('-')[0]}\n")
    print("network      rows      radial  of peak  onnxruntime  radial /     openvino  radial /")
    for name in names:
        network = NETWORKS[name]()
        model = network.model()
        rows = {n: network.random.uniform(-1, 1, (n, *network.input)).astype(numpy.float32) for n in BATCHES}
        peers = [with_onnxruntime(model), with_openvino(model)]
        first, second = (run(rows[8]) for run in peers)
        numpy.testing.assert_allclose(first, second, rtol=1e-2, atol=1e-3 * float(numpy.abs(first).max()))
        found = {n: ([], [], [], []) for n in BATCHES}
        for _ in range(rounds):
            own = radial(name)
            for n in BATCHES:
                for place, value in enumerate((*own[n], *(rate(run, rows[n]) for run in peers))):
                    found[n][place].append(value)
        for n in BATCHES:
            own, share, one, other = (statistics.median(values) for values in found[n])
            print(f"{name:12s} {n:4d} {own:11.0f} {share:8.2f} {one:12.0f} {own / one:9.2f} {other:12.0f} {own / other:9.2f}", flush=True)


main()
