"""Writes the Keras files of this folder, and beside each the answers of Keras in NAME.json.

Run with Keras 3 and any backend: KERAS_BACKEND=jax python make.py. The files here were written by Keras 3.15.1 with JAX.
"""

import json
import os
import zipfile

import keras
import numpy as np
from keras import layers, ops

folder = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(1)
keras.utils.set_random_seed(1)


@keras.saving.register_keras_serializable("own")
class RBFLayer(layers.Layer):
    """exp(-gamma d2) with one constant gamma; centers (features, units)."""

    def __init__(self, units, gamma, **keywords):
        super().__init__(**keywords)
        self.units, self.gamma = units, gamma

    def build(self, shape):
        self.mu = self.add_weight(name="mu", shape=(shape[1], self.units), initializer="uniform")

    def call(self, x):
        return ops.exp(-self.gamma * ops.sum((ops.expand_dims(x, -1) - self.mu) ** 2, axis=1))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "gamma": self.gamma}


@keras.saving.register_keras_serializable("own")
class ForgetfulRBF(RBFLayer):
    """Keeps gamma to itself."""

    def get_config(self):
        config = super().get_config()
        del config["gamma"]
        return config


@keras.saving.register_keras_serializable("own")
class BetaLayer(layers.Layer):
    """exp(-beta d2) with trained betas; centers (units, features)."""

    def __init__(self, units, **keywords):
        super().__init__(**keywords)
        self.units = units

    def build(self, shape):
        self.centers = self.add_weight(name="centers", shape=(self.units, shape[1]), initializer="uniform")
        self.betas = self.add_weight(name="betas", shape=(self.units,), initializer="ones")

    def call(self, x):
        return ops.exp(-self.betas * ops.sum((ops.expand_dims(x, 1) - self.centers) ** 2, axis=2))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("own")
class DUQLayer(layers.Layer):
    """exp(-mean d2 / (2 sigma^2)) to the centroid of each class's own projection."""

    def __init__(self, units, n, sigma, **keywords):
        super().__init__(**keywords)
        self.units, self.n, self.sigma = units, n, sigma

    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[1], self.n, self.units), initializer="glorot_uniform")
        self.c = self.add_weight(name="c", shape=(self.n, self.units), initializer="uniform")

    def call(self, x):
        z = ops.einsum("bm,mnc->bnc", x, self.w)
        return ops.exp(-ops.mean((z - self.c) ** 2, axis=1) / (2 * self.sigma**2))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "n": self.n, "sigma": self.sigma}


def save(name, model, forms=("keras",), reference=None):
    """Saves `model`; the answers are those of `reference`, which gets the weights that `model` keeps, if there is one."""
    shape = tuple(model.input_shape[1:])
    for weight in model.weights:
        if len(weight.shape) == 1 and "float" in weight.dtype and weight.name not in ("mean", "variance"):
            weight.assign(random.uniform(0.1, 0.6, weight.shape))
    x = random.uniform(-1, 1, (4, *shape)).astype("float32")
    if reference:
        reference.set_weights([np.asarray(weight).astype("float32") for weight in model.get_weights()])
    y = ops.convert_to_numpy((reference or model)(x, training=False))
    for form in forms:
        model.save(f"{folder}/{name}.{form}")
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump({"inputs": x.reshape(len(x), -1).tolist(), "outputs": y.reshape(len(y), -1).tolist()}, file)


def sequential(shape, *chain):
    return keras.Sequential([keras.Input(shape), *chain])


def functional(shape, *chain):
    x = inputs = keras.Input(shape)
    for layer in chain:
        x = layer(x)
    return keras.Model(inputs, x)


both = ("keras", "h5")
tanh = dict(activation="tanh")
save("functional", functional((6,), layers.Dense(8, **tanh), layers.Dense(5, activation="elu"), RBFLayer(3, 0.7)), both)
save(
    "nested",
    sequential(
        (6,),
        keras.Sequential([layers.Dense(8, **tanh), layers.BatchNormalization(), layers.Dense(8)]),
        keras.Sequential([layers.Dense(4), RBFLayer(3, 0.7)]),
    ),
    both,
)
save(
    "nested_functional",
    functional((6,), functional((6,), layers.Dense(8, **tanh), layers.BatchNormalization()), layers.Dense(4), BetaLayer(3)),
    both,
)
normalization = layers.Normalization()
normalization.adapt(random.normal(2, 3, (50, 6)).astype("float32"))
save(
    "normalization",
    sequential(
        (6,), normalization, layers.Dense(8), layers.ReLU(), layers.Dropout(0.3), layers.GaussianNoise(0.1),
        layers.Activation("softplus"), layers.Dense(4), layers.ELU(), BetaLayer(4),
    ),
    both,
)
# A variance of 0 meets the floor: the gamma brings what comes out of it back to the size of one.
save(
    "normalization_constant",
    sequential((3,), layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.0, 4.0, 9.0]), RBFLayer(2, 1e-15)),
)
save(
    "rescaling",
    sequential(
        (6,), layers.Rescaling(0.25, offset=-0.5), layers.Dense(7, activation="silu"), layers.Rescaling(2.0, offset=0.25),
        RBFLayer(3, 0.7), layers.Dense(2, activation="softmax"),
    ),
)
for policy in ("float16", "bfloat16", "mixed_float16", "float64"):
    keras.config.set_dtype_policy(policy)
    if policy == "float64" and keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    stored = sequential((6,), layers.Dense(8, **tanh), RBFLayer(3, 0.7))
    keras.config.set_dtype_policy("float32")
    save(policy, stored, both, reference=sequential((6,), layers.Dense(8, **tanh), RBFLayer(3, 0.7)))
keras.config.set_dtype_policy("float32")
save("square", sequential((4,), layers.Dense(4, **tanh), RBFLayer(4, 0.7)))
save("many", sequential((3,), *[layers.Dense(3, **tanh) for _ in range(20)], RBFLayer(3, 0.7)))
save("forgetful", sequential((6,), layers.Dense(8, **tanh), ForgetfulRBF(3, 0.7)))

trained = sequential((6,), layers.Dense(4, **tanh), RBFLayer(3, 0.7))
trained.compile("adam", "mse")
trained.fit(random.normal(size=(8, 6)), random.normal(size=(8, 3)), verbose=0)
save("trained", trained, both)
trained.save_weights(f"{folder}/only.weights.h5")

# For convolutions and what belongs to them.
save("flatten", sequential((4, 4, 1), layers.Flatten(), layers.Dense(5), RBFLayer(3, 0.7)))
save(
    "convolution",
    sequential(
        (8, 8, 1), layers.Rescaling(0.5), layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.BatchNormalization(), layers.MaxPooling2D(), layers.Conv2D(4, (2, 3), strides=2, **tanh),
        layers.AveragePooling2D(2, strides=1, padding="same"), layers.SpatialDropout2D(0.1), layers.Flatten(),
        layers.Dense(5), RBFLayer(3, 0.7),
    ),
    both,
)
save(
    "reshape",
    sequential((16,), layers.Reshape((4, -1, 1)), layers.Conv2D(2, 2, activation="relu6"), layers.Flatten(), RBFLayer(3, 0.1)),
)
save(
    "activations",
    sequential(
        (6,), layers.Dense(8, activation="leaky_relu"), layers.LeakyReLU(), layers.Dense(8, activation=layers.ELU(alpha=0.5)),
        layers.Dense(5, activation="hard_sigmoid"), layers.Activation("softsign"), RBFLayer(3, 0.7),
    ),
)
save("duq", sequential((6,), layers.Dense(8, **tanh), DUQLayer(3, 4, 0.5)))

# To be refused.
x = inputs = keras.Input((6,))
sides = layers.Dense(4)(x), layers.Dense(4)(x)
save("branches", keras.Model(inputs, RBFLayer(3, 0.5)(layers.Add()(sides))))
dense = layers.Dense(6)
save("shared", functional((6,), dense, dense, RBFLayer(3, 0.5)))
save("lambda", sequential((6,), layers.Lambda(lambda x: 2 * x), RBFLayer(3, 0.5)))
save("recurrent", sequential((6, 2), layers.LSTM(4), RBFLayer(3, 0.5)))

# The zips that Keras does not write itself.
with zipfile.ZipFile(f"{folder}/trained.keras") as archive:
    members = {name: archive.read(name) for name in archive.namelist()}
with zipfile.ZipFile(f"{folder}/trained.deflated.keras", "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in members.items():
        archive.writestr(name, content)


class Pipe:
    """A stream without seek, for which zipfile leaves the sizes to data descriptors."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def write(self, content):
        return self.file.write(content)

    def flush(self):
        self.file.flush()


pipe = Pipe(f"{folder}/trained.streamed.keras")
with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in members.items():
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(content)
pipe.file.close()
