"""Writes rbf_table.zip, layers of many formulas under many names, and rbf_table.json, what is to become of each.

Run with Keras 3: KERAS_BACKEND=jax python rbf_table.py. The files here were written by Keras 3.15.1 with JAX.

Of each case rbf_table.json has the answers of Keras, and what Radial is to do without flags: "served" (Keras' answers), "refused", or
"undetectable" (served, with other answers than Keras', since a file of the formula that is served looks the same). Where "flags" is not
null, Radial with these flags is to give the answers of Keras.
"""

import importlib.util
import json
import os
import tempfile
import zipfile

import keras
import numpy as np
from keras import layers, ops

folder = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(9)
keras.utils.set_random_seed(9)

FEATURES, UNITS = 6, 4


def d2(x, c):
    return ops.sum((x[:, None, :] - c[None]) ** 2, axis=-1)


def d1(x, c):
    return ops.sum(ops.abs(x[:, None, :] - c[None]), axis=-1)


def unit(v):
    return v / ops.sqrt(ops.sum(v**2, axis=-1, keepdims=True))


# Of x [N, features], the centers c [units, features] and the number or vector v.
FORMULAS = {
    "exp(-g d2)": lambda x, c, v: ops.exp(-v * d2(x, c)),
    "exp(-d2 / 2 s^2)": lambda x, c, v: ops.exp(-d2(x, c) / (2 * v**2)),
    "exp(-d2 / s^2)": lambda x, c, v: ops.exp(-d2(x, c) / v**2),
    "exp(-d2 / s)": lambda x, c, v: ops.exp(-d2(x, c) / v),
    "exp(-exp(l) d2)": lambda x, c, v: ops.exp(-ops.exp(v) * d2(x, c)),
    "exp(-d2 / 2 exp(l)^2)": lambda x, c, v: ops.exp(-d2(x, c) / (2 * ops.exp(v) ** 2)),
    "exp(-g d2 / 2)": lambda x, c, v: ops.exp(-0.5 * v * d2(x, c)),
    "exp(-(g d)^2)": lambda x, c, v: ops.exp(-(v**2) * d2(x, c)),
    "exp(-g d)": lambda x, c, v: ops.exp(-v * ops.sqrt(d2(x, c))),
    "exp(-g |x - c|)": lambda x, c, v: ops.exp(-v * d1(x, c)),
    "exp(-g mean)": lambda x, c, v: ops.exp(-v * d2(x, c) / FEATURES),
    "1 / (1 + g d2)": lambda x, c, v: 1 / (1 + v * d2(x, c)),
    "1 / sqrt(1 + g d2)": lambda x, c, v: 1 / ops.sqrt(1 + v * d2(x, c)),
    "sqrt(1 + g d2)": lambda x, c, v: ops.sqrt(1 + v * d2(x, c)),
    "d2 log d": lambda x, c, v: d2(x, c) * ops.log(ops.sqrt(d2(x, c))),
    "matern 3/2": lambda x, c, v: (1 + v * ops.sqrt(d2(x, c))) * ops.exp(-v * ops.sqrt(d2(x, c))),
    "normalised": lambda x, c, v: ops.exp(-v * d2(x, c)) / ops.sum(ops.exp(-v * d2(x, c)), axis=-1, keepdims=True),
    "softmax(-g d2)": lambda x, c, v: ops.softmax(-v * d2(x, c), axis=-1),
    "exp(-g d2) + b": lambda x, c, v: ops.exp(-0.5 * d2(x, c)) + v,
    "1 - exp(-g d2)": lambda x, c, v: 1 - ops.exp(-v * d2(x, c)),
    "tanh(g x c)": lambda x, c, v: ops.tanh(v * (x @ ops.transpose(c))),
    "cosine": lambda x, c, v: unit(x) @ ops.transpose(unit(c)),
    "exp(-g cosine)": lambda x, c, v: ops.exp(-v * (1 - unit(x) @ ops.transpose(unit(c)))),
    "x W": lambda x, c, v: x @ ops.transpose(c),
    "x W + b": lambda x, c, v: x @ ops.transpose(c) + v,
    "d2": lambda x, c, v: d2(x, c),
    "d": lambda x, c, v: ops.sqrt(d2(x, c)),
    "|x - c|": lambda x, c, v: d1(x, c),
    "mean": lambda x, c, v: d2(x, c) / FEATURES,
    "-d2": lambda x, c, v: -d2(x, c),
    "-s d2": lambda x, c, v: -v * d2(x, c),
    "-d": lambda x, c, v: -ops.sqrt(d2(x, c)),
}


def rbf_class(name, computes, matrix, vector, members, units_first, module):
    """A class of that name. `vector` is None, (name, "units") or (name, "one"); without one v is the first number of `members`."""

    class Custom(layers.Layer):
        def __init__(self, **keywords):
            super().__init__(**{key: value for key, value in keywords.items() if key not in members})

        def build(self, shape):
            count = next((v for k, v in members.items() if type(v) is int and v > 1 and k not in ("input_dim",)), UNITS)
            shape = (count, shape[1]) if units_first else (shape[1], count)
            self.c = self.add_weight(name=matrix, shape=shape, initializer="glorot_uniform")
            if vector:
                shape = (count,) if vector[1] == "units" else ()
                self.v = self.add_weight(name=vector[0], shape=shape, initializer="ones")

        def call(self, x):
            c = self.c if units_first else ops.transpose(self.c)
            constant = next((v for v in members.values() if type(v) is float), 0.5)
            return FORMULAS[computes](x, c, self.v if vector else constant)

        def get_config(self):
            return {**super().get_config(), **members}

    Custom.__name__ = Custom.__qualname__ = name
    Custom.__module__ = module
    return Custom


class DUQ(layers.Layer):
    def __init__(self, members, **keywords):
        super().__init__(**keywords)
        self.members = members

    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[1], 5, UNITS), initializer="glorot_uniform")
        self.c = self.add_weight(name=self.members.pop("second", "centroids"), shape=(5, UNITS), initializer="glorot_uniform")

    def call(self, x):
        z = ops.einsum("bm,mnc->bnc", x, self.w)
        sigma = next(v for v in self.members.values() if type(v) is float)
        return ops.exp(-ops.mean((z - self.c) ** 2, axis=1) / (2 * sigma**2))

    def get_config(self):
        return {**super().get_config(), **self.members}


class EinsumBias(DUQ):
    def call(self, x):
        return ops.sum(ops.tanh(ops.einsum("bm,mnc->bnc", x, self.w) + self.c), axis=1)


cases = []
files = {}


def write(layer, computes, expected, flags, value=None, told=None, features=FEATURES):
    """The files of one layer; `expected` for .keras and for .h5. `value`: the number or the first of the vector; `told`: with flags."""
    model = keras.Sequential([keras.Input((features,)), layer])
    for weight in model.weights:
        if len(weight.shape) < 2:
            numbers = random.uniform(0.3, 1.2, weight.shape)
            if value is not None:
                numbers = np.asarray([value, *np.ravel(numbers)[1:]]).reshape(weight.shape)
            weight.assign(numbers)
    x = random.uniform(-1, 1, (2, features)).round(3).astype("float32")
    y = ops.convert_to_numpy(model(x, training=False))
    for form, expectation in zip(("keras", "h5"), expected):
        name = f"{len(cases):03d}.{form}"
        with tempfile.TemporaryDirectory() as temporary:
            model.save(f"{temporary}/m.{form}")
            with open(f"{temporary}/m.{form}", "rb") as file:
                files[name] = file.read()
        cases.append(
            {
                "file": name,
                "layer": f"{type(layer).__name__}({', '.join(k for k in layer.get_config() if k not in ('name', 'trainable', 'dtype'))})"
                + (f" {', '.join(w.name for w in layer.weights)}" if form == "h5" else ""),
                "computes": computes,
                "expected": expectation,
                "told": told or S,
                "flags": flags if expectation != "served" or flags and "layout" in flags else None,
                "inputs": [[round(float(v), 3) for v in row] for row in x],
                "outputs": [[float(f"{v:.8g}") if np.isfinite(v) else 0.0 for v in row] for row in y],
            }
        )


S, R, U = "served", "refused", "undetectable"


def case(computes, name, matrix, vector, members, expected, flags=None, rows=True, module="__main__", square=False, **more):
    """`rows`: the centers are the rows of the matrix."""
    if isinstance(vector, str):
        vector = (vector, "units")
    members = dict(members)
    if square:
        members = {k: FEATURES if type(v) is int else v for k, v in members.items()}
        flags = {**(flags or {}), "layout": "units_features" if rows else "features_units"}
    made = rbf_class(name, computes, matrix, vector, members, rows, module)
    write(made(), computes, expected if isinstance(expected, tuple) else (expected, expected), flags, **more)


units = {"units": UNITS}
gamma, beta, sigma = {"form": "gaussian-gamma"}, {"form": "gaussian-beta"}, {"form": "gaussian-sigma"}
g = {**units, "gamma": 0.5}

# A constant gamma: telling, neutral and half telling names, both ways round.
for rows in (True, False):
    case("exp(-g d2)", "RBFLayer", "mu", None, g, S, rows=rows)
    case("exp(-g d2)", "GaussianRBF2D", "w", None, g, S, rows=rows, module="mylib.layers")
    case("exp(-g d2)", "RBFlayer", "centers", None, {"output_dim": UNITS, "gamma": 0.5}, S, rows=rows)
    case("exp(-g d2)", "MyLayer", "prototypes", None, g, S, rows=rows)
    case("exp(-g d2)", "RBFLayer", "mu", None, g, R, rows=rows, square=True)
    case("exp(-g d2)", "RBFLayer", "centers", "betas", {**units, "initial_beta": 1.0}, R, rows=rows, square=True)
    case("d2", "SquaredDist", "mu", None, units, R, rows=rows, square=True)
    case("exp(-d2 / 2 s^2)", "SigmaRBF", "centers", "sigma", units, R, sigma, rows=rows, square=True)
case("exp(-g d2)", "MyLayer", "w", None, g, S)
case("exp(-g d2)", "RBFLayer", "kernel", None, g, (S, R), gamma)
case("exp(-g d2)", "RBFKernelLayer", "mu", None, g, R, gamma)
case("exp(-g d2)", "Layer7", "w", None, {**units, "g": 0.5}, R, {**gamma, "gamma": 0.5})
case("exp(-g d2)", "RBFLayer", "mu", None, {**units, "beta": 0.5}, R, beta)
case("exp(-g d2)", "RBFLayer", "mu", None, {**g, "trainable_centers": True, "activation": "linear"}, S)
case("exp(-g d2)", "RBFLayer", "mu", None, {**g, "num_classes": UNITS, "input_dim": FEATURES}, S)
case("exp(-g d2)", "RBFLayer", "mu", None, {**g, "version": "two"}, R, gamma)
# Keras' own name for a class of the user's.
case("exp(-g d2)", "Dense", "kernel", None, g, (R, R), None, module="mylib.layers")

# A trained gamma or beta.
case("exp(-g d2)", "BetaRBF", "centers", "betas", {**units, "initial_beta": 1.0}, S)
case("exp(-g d2)", "RBFLayer", "centers", "betas", {"output_dim": UNITS}, (R, S), beta)
case("exp(-g d2)", "RBFLayer", "centers", ("gamma", "one"), {**units, "init_gamma": 1.0}, S, rows=False)
case("exp(-g d2)", "GammaLayer", "centers", "gamma", units, S)
case("exp(-g d2)", "MyLayer", "centers", "gamma", units, (R, S), gamma)
case("exp(-g d2)", "MyLayer", "w", "v", units, R, gamma)
case("exp(-g d2)", "MyLayer", "w", "beta", units, R, beta)
case("exp(-g d2)", "RBFLayer", "centers", "gamma", g, (R, S), gamma)
case("exp(-g d2)", "RBFLayer", "centers", "scale", units, R, gamma)
case("exp(-exp(l) d2)", "RBFLayer", "centers", "log_gamma", units, (R, S))
case("exp(-exp(l) d2)", "LogGammaRBF", "centers", "log_gamma", units, R)
case("exp(-exp(l) d2)", "RBFLayer", "centers", "log_beta", units, R)

# Widths of every kind, under their own and under others' names.
for computes, flags in (("exp(-d2 / 2 s^2)", sigma), ("exp(-d2 / s^2)", None), ("exp(-d2 / s)", None)):
    case(computes, "RBFLayer", "centers", "sigmas", units, R, flags)
    case(computes, "GaussianLayer", "mu", "width", units, R, flags)
    case(computes, "RadiiRBF", "centers", "radii", units, R, flags)
    case(computes, "RBFLayer", "centers", "v", {**units, "sigma_init": 1.0}, R, flags)
    case(computes, "RBFLayer", "centers", None, {**units, "sigma": 0.8}, R, flags)
    case(computes, "MyLayer", "w", "v", units, R, flags)
    case(computes, "RBFLayer", "centers", "betas", {**units, "initial_beta": 1.0}, U, flags)
for name in ("stddev", "spread", "radius", "bandwidth", "length_scale"):
    case("exp(-d2 / 2 s^2)", "RBFLayer", "centers", None, {**units, name: 0.8}, R, sigma)
case("exp(-d2 / 2 exp(l)^2)", "RBFLayer", "centers", "log_sigma", units, R)

# Other formulas: a telling class name, telling members, and names that belong to exp(-g d2).
others = {
    "exp(-g d2 / 2)": ("HalfGaussian", {"half": True}),
    "exp(-(g d)^2)": ("SquaredGammaRBF", {"squared_gamma": True}),
    "exp(-g d)": ("ExponentialRBF", {"power": 1}),
    "exp(-g |x - c|)": ("LaplacianRBF", {"metric": "l1"}),
    "exp(-g mean)": ("MeanRBF", {"reduction": "mean"}),
    "1 / (1 + g d2)": ("InverseQuadraticRBF", {"kind": "iq"}),
    "1 / sqrt(1 + g d2)": ("InverseMultiquadricRBF", {"basis": "imq"}),
    "sqrt(1 + g d2)": ("MultiQuadricRBF", {"kernel": "mq"}),
    "d2 log d": ("ThinPlateRBF", {"function": "tps"}),
    "matern 3/2": ("MaternRBF", {"nu": 1.5}),
    "normalised": ("NormalizedRBF", {"normalize": True}),
    "softmax(-g d2)": ("SoftmaxRBF", {"activation": "softmax"}),
    "1 - exp(-g d2)": ("NegativeRBF", {"invert": True}),
    "exp(-g cosine)": ("CosineRBF", {"norm": "cosine"}),
    "tanh(g x c)": ("SigmoidRBF", {"mode": "sigmoid"}),
}
for computes, (name, members) in others.items():
    case(computes, name, "centers", None, g, R)
    case(computes, "RBFLayer", "centers", None, {**g, **members}, R)
    case(computes, "RBFLayer", "centers", None, g, U)
    case(computes, "MyLayer", "w", "v", units, R)
    case(computes, "MyLayer", "w", None, g, U)
case("exp(-g d2) + b", "RBFLayer", "centers", "bias", g, R)
case("exp(-g d2) + b", "RBFLayer", "centers", None, {**g, "use_bias": True}, R)

# Layers that are nothing of the kind.
case("x W", "MyDense", "w", None, units, R)
case("x W + b", "MyDense", "w", "b", units, R)
case("x W + b", "MyDense", "kernel", "bias", {**units, "use_bias": True}, R)
case("x W + b", "Affine", "w", "beta", units, R)
case("x W + b", "GaussianInitDense", "w", "b", units, R)
case("cosine", "CosineHead", "prototypes", None, units, R)
case("cosine", "PrototypeLayer", "prototypes", None, units, R)
for layer in (
    layers.EinsumDense("ab,bc->ac", output_shape=UNITS, bias_axes="c"),
    layers.EinsumDense("ab,bc->ac", output_shape=UNITS, name="rbf_layer"),
):
    write(layer, "x W + b", (R, R), None)

# Distances.
case("d2", "SquaredDist", "mu", None, units, S)
case("d2", "SquaredDistance", "prototypes", None, units, S, rows=False)
case("-s d2", "NegSquaredDist", "mu", None, {**units, "scale": 0.25}, S)
case("-d2", "NegativeSquaredDistance", "mu", None, units, S)
case("-s d2", "NegSquaredDist", "mu", None, {**units, "temperature": 0.25}, R, {"form": "negative-distance", "gamma": 0.25})
case("-d2", "RBFDistance", "mu", None, units, R, {"form": "negative-distance"})
case("d2", "DistanceLayer", "prototypes", None, units, R, {"form": "distance"})
case("d2", "SquaredEuclideanDistance", "mu", None, units, R, {"form": "distance"})
case("d2", "Heads", "w", None, units, R, {"form": "distance"})
case("d", "EuclideanDistance", "prototypes", None, units, R)
case("d", "Dist", "mu", None, units, R)
case("d", "SquaredDist", "mu", None, units, U)
case("|x - c|", "ManhattanDistance", "mu", None, units, R)
case("|x - c|", "DistLayer", "mu", None, {**units, "metric": "l1"}, R)
case("cosine", "CosineDist", "mu", None, units, R)
case("mean", "MeanSquaredDistance", "mu", None, units, R)
case("mean", "SquaredDist", "mu", None, {**units, "reduction": "mean"}, R)
case("-d", "NegDist", "mu", None, units, R)

# DUQ's head, and one of the same shapes that is none.
for name, members, expected in (
    ("DUQHead", {**units, "n": 5, "sigma": 0.5}, (S, S)),
    ("Head", {**units, "n": 5, "length_scale": 0.5}, (S, S)),
    ("Head", {**units, "n": 5, "sigma": 0.5}, (R, S)),
    ("DUQHead", {**units, "sigma": 0.5, "power": 1}, (R, R)),
):
    made = type(name, (DUQ,), {})
    write(made(members), "DUQ", expected, {"form": "duq"})
write(type("NoisyEinsum", (EinsumBias,), {})({**units, "sigma": 0.5, "second": "bias"}), "sum tanh(x W + b)", (R, R), None)

# A layer within the layer, of which the configuration says nothing.
class RBFBlock(layers.Layer):
    def __init__(self, **keywords):
        super().__init__(**keywords)
        self.inner = layers.Dense(UNITS)

    def build(self, shape):
        self.mu = self.add_weight(name="mu", shape=(UNITS, shape[1]), initializer="glorot_uniform")
        self.inner.build((None, UNITS))

    def call(self, x):
        return self.inner(FORMULAS["exp(-g d2)"](x, self.mu, 0.5))

    def get_config(self):
        return {**super().get_config(), **g}


write(RBFBlock(), "Dense of exp(-g d2)", (R, R), None)

# The layer of scripts/train, which states its formula.
spec = importlib.util.spec_from_file_location("rbf", f"{folder}/../../../scripts/train/rbf.py")
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)
for form in own.OUTPUT_FORMS:
    for trained in (False, True):
        write(own.RBFLayer(UNITS, 0.5, trained, form), form, (S, S), None)
    write(own.RBFLayer(FEATURES, 0.5, output_form=form), form, (S, S), None)

# Numbers that no gamma can be.
for value in (0.0, -0.5, 1e39, 1e-50):
    case("exp(-g d2)", "RBFLayer", "mu", None, {**units, "gamma": value}, R)
for value in (0.0, -0.5, np.nan, np.inf):
    case("exp(-g d2)", "BetaRBF", "centers", ("beta", "one"), {**units, "initial_beta": 1.0}, R, value=value)
    case("exp(-d2 / 2 s^2)", "RBFLayer", "centers", "sigma", units, R, sigma, value=value, told=R)
case("exp(-d2 / 2 s^2)", "RBFLayer", "centers", "sigma", units, R, sigma, value=1e-25, told=R)
for value in (np.nan, np.inf):
    case("exp(-g d2)", "BetaRBF", "centers", "betas", {**units, "initial_beta": 1.0}, R, value=value)
# Training may leave a unit's beta there, and the formula is then what Keras says.
for value in (0.0, -0.05):
    case("exp(-g d2)", "BetaRBF", "centers", "betas", {**units, "initial_beta": 1.0}, S, value=value)

# One member, since each file repeats most of the one before it; a fixed date, so that the archive changes only with what is in it.
whole = b""
for case_ in sorted(cases, key=lambda c: c["file"][::-1]):
    case_["offset"], case_["bytes"] = len(whole), len(files[case_["file"]])
    whole += files[case_["file"]]
with zipfile.ZipFile(f"{folder}/rbf_table.zip", "w") as archive:
    archive.writestr(zipfile.ZipInfo("files", (2026, 1, 1, 0, 0, 0)), whole, zipfile.ZIP_DEFLATED, 9)
with open(f"{folder}/rbf_table.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), {k: sum(c["expected"] == k for c in cases) for k in (S, R, U)}, sum(c["flags"] is not None for c in cases))
