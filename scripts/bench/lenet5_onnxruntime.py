"""LeNet-5 in ONNX Runtime, one thread: rows a second at batch 1, 8 and 64, medians of interleaved passes.

The network of Sources/radial-bench/LeNet5.swift, in ONNX's own layout (channels first). The RBF layer is the sum of squared
differences. Needs the packages onnx and onnxruntime; scripts/bench/lenet5.sh gives it an environment of its own.
"""

import statistics
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(1)
weights = []


def weight(name, *shape, bound=0.1):
    values = random.uniform(-bound, bound, shape).astype(numpy.float32)
    weights.append(numpy_helper.from_array(values, name))
    return name


def constant(name, values):
    weights.append(numpy_helper.from_array(values, name))
    return name


nodes = [
    helper.make_node("Conv", ["x", weight("k1", 6, 1, 5, 5), weight("b1", 6)], ["c1"], pads=[2, 2, 2, 2]),
    helper.make_node("Tanh", ["c1"], ["t1"]),
    helper.make_node("AveragePool", ["t1"], ["s2"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Conv", ["s2", weight("k3", 16, 6, 5, 5), weight("b3", 16)], ["c3"]),
    helper.make_node("Tanh", ["c3"], ["t3"]),
    helper.make_node("AveragePool", ["t3"], ["s4"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Flatten", ["s4"], ["flat"]),
    helper.make_node("Gemm", ["flat", weight("k5", 400, 120), weight("b5", 120)], ["c5"]),
    helper.make_node("Tanh", ["c5"], ["t5"]),
    helper.make_node("Gemm", ["t5", weight("k6", 120, 84), weight("b6", 84)], ["f6"]),
    helper.make_node("Tanh", ["f6"], ["t6"]),
    helper.make_node("Unsqueeze", ["t6", constant("axis", numpy.array([1], numpy.int64))], ["wide"]),
    helper.make_node("Sub", ["wide", weight("centers", 1, 10, 84, bound=1)], ["difference"]),
    helper.make_node("ReduceSumSquare", ["difference", constant("last", numpy.array([2], numpy.int64))], ["d2"], keepdims=0),
    helper.make_node("Mul", ["d2", constant("gamma", numpy.array(-0.1, numpy.float32))], ["scaled"]),
    helper.make_node("Exp", ["scaled"], ["y"]),
]
graph = helper.make_graph(
    nodes,
    "lenet5",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
    weights,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.checker.check_model(model)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

batches = [1, 8, 64]
rows = {n: random.uniform(-1, 1, (n, 1, 28, 28)).astype(numpy.float32) for n in batches}
rates = {n: [] for n in batches}
for _ in range(21):
    for n in batches:
        inner = max(1, 256 // n)
        start = time.perf_counter()
        for _ in range(inner):
            session.run(None, {"x": rows[n]})
        rates[n].append(inner * n / (time.perf_counter() - start))
print(f"LeNet-5 in ONNX Runtime {onnxruntime.__version__}, one thread\nrows         rows/s")
for n in batches:
    print(f"{n:4d} {statistics.median(rates[n]):14.0f}")
