"""Random ONNX graphs: what ONNX Runtime computes of each is what Radial answers, or Radial refuses the graph."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

BATCH = 5
OPSET = 17


class Graph:
    """One operator after the other, each on what the one before gave; those that ONNX Runtime does not take are left out."""

    def __init__(self, random: np.random.Generator):
        self.random = random
        self.nodes, self.constants, self.names = [], [], 0
        self.batch = self.pick("N", "N", "N", 1, 3)
        self.sizes = [self.pick(1, 1, 2, 3) for _ in range(self.pick(1, 1, 2, 3))]
        if self.random.random() < 0.3:
            side = self.pick(1, 2, 3, 5)
            self.sizes = [self.pick(1, 1, 2), side, side]
        self.rows = self.normal(BATCH if self.batch == "N" else self.batch, *self.sizes)
        self.output, self.value = "x", self.rows

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def normal(self, *shape):
        return (0.7 * self.random.normal(size=shape)).astype(np.float32)

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def constant(self, values, type=np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, type), self.name()))
        return self.constants[-1].name

    def add(self, operator: str, *inputs: str, **attributes) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [self.name()], **attributes))
        return self.nodes[-1].output[0]

    @property
    def model(self) -> ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [self.batch, *self.sizes])],
            [helper.make_tensor_value_info(self.output, TensorProto.FLOAT, None)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)

    def spread(self):
        """A constant that fits what there is, or nearly."""
        shape = [1, *(self.pick(1, size, size, 2) for size in self.value.shape[1:])]
        start = self.random.integers(len(shape) + 1)
        return self.normal(*shape[start:]) if self.random.random() < 0.6 else self.normal(*shape)

    def step(self) -> str:
        """Adds an operator, or a few that belong together.

        - Returns: what they give.
        """
        x, shape = self.output, self.value.shape
        rank, last = len(shape), shape[-1]
        axis = int(self.random.integers(1, rank)) if rank > 1 else 0
        keeps = self.pick(0, 1)
        match self.pick(*KINDS):
            case ("Add" | "Mul" | "Sub" | "PRelu") as operator:
                return self.add(operator, x, self.constant(self.spread()))
            case "Div":
                divisor = self.constant(2 + np.abs(self.spread()))
                return self.add("Div", *self.pick((x, divisor), (divisor, x)))
            case "MatMul":
                return self.add("MatMul", x, self.constant(self.normal(last, self.pick(1, 2, 3))))
            case "Gemm":
                units, turned = self.pick(1, 2, 3), self.pick(0, 1)
                weights = self.normal(units, last) if turned else self.normal(last, units)
                bias = self.constant(self.normal(self.pick(1, units)))
                factors = {"alpha": self.pick(0.5, 1.0), "beta": self.pick(1.0, 2.0)}
                return self.add("Gemm", x, self.constant(weights), bias, transB=turned, **factors)
            case "Conv":
                kernel = self.normal(self.pick(1, 1, 2), shape[1], self.pick(1, shape[2], 2), self.pick(1, shape[-1], 2))
                return self.add("Conv", x, self.constant(kernel), self.constant(self.normal(len(kernel))))
            case "BatchNormalization":
                statistics = [self.constant(np.abs(self.normal(shape[1])) + 0.1) for _ in range(4)]
                return self.add("BatchNormalization", x, *statistics)
            case "LayerNormalization":
                return self.add("LayerNormalization", x, self.constant(self.normal(last)), self.constant(self.normal(last)))
            case ("Tanh" | "Relu" | "Sigmoid" | "Exp" | "Softmax" | "Flatten" | "GlobalAveragePool") as operator:
                return self.add(operator, x)
            case "Unsqueeze":
                return self.add("Unsqueeze", x, self.constant([self.pick(1, rank)], np.int64))
            case "Squeeze":
                return self.add("Squeeze", x, *self.pick((self.constant([axis], np.int64),), ()))
            case "Transpose":
                return self.add("Transpose", x, perm=[0, *(1 + self.random.permutation(rank - 1))])
            case "Reshape":
                width = int(np.prod(shape[1:]))
                sizes = self.pick([width], [1, width], [width, 1], [1, 1, width], [width, 1, 1])
                return self.add("Reshape", x, self.constant([self.pick(-1, -1, shape[0]), *sizes], np.int64))
            case "Expand":
                return self.add("Expand", x, self.constant([1] * (rank - 1) + [self.pick(last, 3)], np.int64))
            case "Slice":
                bounds = [[0], [self.pick(1, 9)], [rank - 1]]
                return self.add("Slice", x, *(self.constant(values, np.int64) for values in bounds))
            case "ReduceSum":
                return self.add("ReduceSum", x, self.constant([axis], np.int64), keepdims=keeps)
            case "ReduceMean":
                return self.add("ReduceMean", x, axes=[axis], keepdims=keeps)
            case "Einsum":
                letters = "nabcdefgh"[:rank]
                unit, size = self.pick(1, 2), self.pick(last, last, 3)
                equation, shape = self.pick(
                    (f"{letters},{letters[-1]}u->{letters[:-1]}u", (size, unit)),
                    (f"{letters},{letters[-1]}->{letters}", (size,)),
                    (f"{letters},u{letters[-1]}->{letters[:-1]}u", (unit, size)),
                )
                return self.add("Einsum", x, self.constant(self.normal(*shape)), equation=equation)
            case "square":
                return self.add("Mul", x, x)
            case "distance":
                centers = self.constant(self.normal(self.pick(1, 2, 3), last))
                difference = self.add("Sub", self.add("Unsqueeze", x, self.constant([rank - 1], np.int64)), centers)
                square = self.add("Mul", difference, difference)
                return self.add("ReduceSum", square, self.constant([-1], np.int64), keepdims=keeps)
            case "kernel":
                return self.add("Exp", self.add("Mul", x, self.constant(-0.5)))
            case kind:
                raise ValueError(kind)

    def grow(self) -> None:
        """One step, if ONNX Runtime takes it and it gives rows of numbers that are neither vast nor all the same."""
        before = len(self.nodes), len(self.constants), self.output, self.value
        try:
            self.output = self.step()
            session = onnxruntime.InferenceSession(self.model.SerializeToString(), providers=["CPUExecutionProvider"])
            self.value = session.run(None, {"x": self.rows})[0]
            rows = len(self.value) if self.value.ndim else 0
            if rows == len(self.rows) and self.value.size and np.isfinite(self.value).all() and np.abs(self.value).max() < 1e4:
                return
        except (IndexError, ValueError, *RUNTIME_ERRORS):
            pass
        nodes, constants, self.output, self.value = before
        del self.nodes[nodes:], self.constants[constants:]


KINDS = (
    *("Add", "Mul", "Sub", "Div", "PRelu", "MatMul", "Gemm", "Conv", "BatchNormalization", "LayerNormalization", "Tanh", "Relu"),
    *("Sigmoid", "Exp", "Softmax", "Flatten", "GlobalAveragePool", "Unsqueeze", "Squeeze", "Transpose", "Reshape", "Expand"),
    *("Slice", "ReduceSum", "ReduceMean", "Einsum", "square", "distance", "distance", "kernel", "MatMul", "Gemm", "Squeeze"),
)
RUNTIME_ERRORS = tuple(
    error for error in vars(onnxruntime.capi.onnxruntime_pybind11_state).values() if isinstance(error, type) and issubclass(error, Exception)
)


def judge(radial: str, folder: Path, graph: Graph) -> tuple[str, str]:
    """What becomes of a graph: served, refused or broken, and what was said of it."""

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(["timeout", "60", radial, *arguments], cwd=folder, capture_output=True, text=True)

    (folder / "graph.onnx").write_bytes(graph.model.SerializeToString())
    np.save(folder / "rows.npy", graph.rows)
    np.save(folder / "expected.npy", graph.value.reshape(len(graph.rows), -1))
    read = run("convert", "graph.onnx", "-o", "graph.safetensors", "--force")
    if read.returncode:
        return ("refused" if read.returncode == 2 else "broken"), read.stderr
    compared = run("check", "graph.onnx", "rows.npy", "expected.npy", "--of", "outputs", "--tolerance", "1e-4")
    return ("broken" if compared.returncode else "served"), compared.stdout + compared.stderr


def main() -> None:
    radial, folder, kept = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]), Path(sys.argv[3])
    count, seed = int(sys.argv[4]), int(sys.argv[5])
    onnxruntime.set_default_logger_severity(4)
    outcomes: Counter[str] = Counter()
    for number in range(count):
        graph = Graph(np.random.default_rng([seed, number]))
        for _ in range(graph.pick(2, 3, 4, 5, 6)):
            graph.grow()
        # Of such answers check says that many formulas give them.
        if not graph.nodes or np.isin(graph.value.round(5), (0, 1)).all():
            outcomes["left out"] += 1
            continue
        outcome, said = judge(radial, folder, graph)
        outcomes[outcome] += 1
        if outcome == "broken":
            place = kept / f"{seed}-{number}"
            place.mkdir(parents=True, exist_ok=True)
            for file in ("graph.onnx", "rows.npy", "expected.npy"):
                shutil.copy(folder / file, place)
            print(f"graph {number} of seed {seed}, kept in {place}: {' '.join(node.op_type for node in graph.nodes)}\n{said[:400]}", file=sys.stderr)
    print(f"{count} graphs of seed {seed}: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())))
    if outcomes["broken"] or outcomes["served"] < count // 10:
        sys.exit("expected none that is broken, and a tenth that are served")


main()
