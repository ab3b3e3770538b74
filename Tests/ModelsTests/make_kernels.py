"""Writes Kernels/*: small networks with every function of the distance, the answers of PyTorch in Float32 and of NumPy in Float64.

Run from the repository with PyTorch and NumPy: PYTHONPATH=scripts/python python3 Tests/ModelsTests/make_kernels.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from radial import tensor_file

FOLDER = Path(__file__).parent / "Kernels"
FEATURES, HIDDEN, UNITS = 7, 6, 5
random = np.random.default_rng(20)

# Of u = gamma d², d (the distance itself), gamma and the power: each in whichever of NumPy and PyTorch `m` is.
FUNCTIONS = {
    "gaussian": lambda m, u, d, g, p: m.exp(-u),
    "distance": lambda m, u, d, g, p: d * d,
    "negative_distance": lambda m, u, d, g, p: -u,
    "scaled_distance": lambda m, u, d, g, p: u,
    "euclidean": lambda m, u, d, g, p: g * d,
    "negative_euclidean": lambda m, u, d, g, p: -(g * d),
    "exponential": lambda m, u, d, g, p: m.exp(-g * d),
    "inverse_quadratic": lambda m, u, d, g, p: 1 / (1 + u),
    "inverse_multiquadric": lambda m, u, d, g, p: 1 / m.sqrt(1 + u),
    "multiquadric": lambda m, u, d, g, p: m.sqrt(1 + u),
    "matern32": lambda m, u, d, g, p: (1 + m.sqrt(3 * u)) * m.exp(-m.sqrt(3 * u)),
    "matern52": lambda m, u, d, g, p: (1 + m.sqrt(5 * u) + 5 * u / 3) * m.exp(-m.sqrt(5 * u)),
    "student_t": lambda m, u, d, g, p: (1 + u) ** -p,
}


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def save(name, layers, tensors, inputs, outputs64, distances, outputs):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    architecture = {"version": 1, "input_shape": [FEATURES], "layers": layers}
    tensor_file.write(
        folder / "weights.safetensors",
        tensors,
        {"format": "radial", "radial.version": "1.2", "radial.architecture": json.dumps(architecture)},
    )
    finite = lambda values: [[str(float(v)).replace("inf", "Infinity") if np.isinf(v) else float(v) for v in row] for row in values]
    vectors = {
        "inputs": inputs.tolist(),
        "outputs": finite(outputs),
        "outputs64": finite(outputs64),
        "distances": {layers[1]["name"]: finite(distances)},
        "framework_error": {"max_abs": float(np.nanmax(np.abs(outputs64 - outputs)))},
    }
    (folder / "vectors.json").write_text(json.dumps(vectors) + "\n")


def body():
    kernel = random.normal(0, 0.6, (FEATURES, HIDDEN)).astype("float32")
    bias = random.normal(0, 0.3, HIDDEN).astype("float32")
    inputs = random.normal(0, 1, (9, FEATURES)).astype("float32")
    inputs[6] *= 30
    inputs[7] *= 1e4
    dense = {"type": "dense", "name": "dense", "units": HIDDEN, "activation": "relu"}
    hidden64 = np.maximum(inputs.astype("float64") @ kernel + bias, 0)
    hidden32 = torch.relu(torch.from_numpy(inputs) @ torch.from_numpy(kernel) + torch.from_numpy(bias))
    return dense, {"dense.kernel": kernel, "dense.bias": bias}, inputs, hidden64, hidden32


def case(name, output, per_output=False, classes=None, normalized=None, power=None, softmax_behind=False):
    dense, tensors, inputs, hidden64, hidden32 = body()
    centers = random.normal(0, 1, (UNITS, HIDDEN)).astype("float32")
    # One row lies on a prototype as closely as Float32 can say.
    centers[2] = hidden64[8].astype("float32")
    count = UNITS if classes is None else max(classes) + 1
    gamma = random.uniform(0.2, 0.9, count).astype("float32") if per_output else np.float32(0.4)
    layer = {"type": "rbf", "name": "rbf", "units": UNITS, "output": output, "centers_layout": "units_features"}
    layer["scale"] = "tensor" if per_output else float(gamma)
    if per_output:
        tensors["rbf.scale"] = gamma
    if classes is not None:
        layer["classes"] = classes
    if normalized is not None:
        layer["normalized"] = normalized
    if power is not None:
        layer["power"] = power
    tensors["rbf.centers"] = centers

    square64 = ((hidden64[:, None] - centers.astype("float64")) ** 2).sum(2)
    square32 = (hidden32[:, None] - torch.from_numpy(centers)).pow(2).sum(2)
    if classes is not None:
        of = np.array(classes)
        square64 = np.stack([square64[:, of == c].min(1) for c in range(count)], 1)
        square32 = torch.stack([square32[:, torch.from_numpy(of == c)].amin(1) for c in range(count)], 1)
    function, p = FUNCTIONS[output], power or 1
    g64, g32 = np.float64(gamma), torch.as_tensor(gamma)
    outputs64 = function(np, g64 * square64, np.sqrt(square64), g64, p)
    outputs32 = function(torch, g32 * square32, square32.sqrt(), g32, p)
    if normalized is not None:
        # A sum that underflows in Float64 divides as its limit does.
        total = outputs64.sum(1, keepdims=True)
        if normalized == 0 and output == "gaussian":
            outputs64, outputs32 = softmax(-g64 * square64), torch.softmax(-g32 * square32, 1)
        else:
            outputs64 = outputs64 / (normalized + total)
            outputs32 = outputs32 / (normalized + outputs32.sum(1, keepdim=True))
    layers = [dense, layer]
    if softmax_behind:
        outputs64, outputs32 = softmax(outputs64), torch.softmax(outputs32, 1)
        layers.append({"type": "activation", "name": "softmax", "activation": "softmax"})
    save(name, layers, tensors, inputs, outputs64, square64, outputs32.numpy())


def duq():
    dense, tensors, inputs, hidden64, hidden32 = body()
    embedding, units = 4, 3
    kernel = random.normal(0, 0.5, (HIDDEN, embedding, units)).astype("float32")
    centers = random.normal(0, 1, (embedding, units)).astype("float32")
    sigma = random.uniform(0.4, 1.2, units).astype("float32")
    tensors |= {"duq.kernel": kernel, "duq.centers": centers, "duq.sigma": sigma}
    z64 = np.einsum("nd,dec->nec", hidden64, kernel.astype("float64"))
    mean64 = ((z64 - centers.astype("float64")) ** 2).mean(1)
    z32 = torch.einsum("nd,dec->nec", hidden32, torch.from_numpy(kernel))
    mean32 = (z32 - torch.from_numpy(centers)).pow(2).mean(1)
    outputs64 = np.exp(-mean64 / (2 * sigma.astype("float64") ** 2))
    outputs32 = torch.exp(-mean32 / (2 * torch.from_numpy(sigma) ** 2))
    layer = {"type": "duq", "name": "duq", "units": units, "embedding": embedding, "sigma": "tensor"}
    save("duq_sigma_per_class", [dense, layer], tensors, inputs, outputs64, mean64, outputs32.numpy())


for output in FUNCTIONS:
    power = 1.75 if output == "student_t" else None
    case(output, output, power=power)
    if output != "distance":
        case(f"{output}_per_unit", output, per_output=True, power=power)
case("student_t_small_power", "student_t", power=0.125)
case("euclidean_temperature_softmax", "negative_euclidean", softmax_behind=True)
case("normalized_gaussian", "gaussian", normalized=1e-9)
case("normalized_gaussian_without_epsilon", "gaussian", normalized=0)
case("normalized_student_t", "student_t", normalized=0, power=1.0, per_output=True)
case("nearest_of_class", "gaussian", classes=[0, 1, 1, 2, 0])
case("nearest_of_class_per_class", "negative_euclidean", classes=[2, 1, 1, 0, 0], per_output=True, softmax_behind=True)
duq()
