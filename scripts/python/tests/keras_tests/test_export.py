"""Exported networks are read by the binary, and answer what Keras does; what has no place in a file is refused."""

import json
import pathlib

import keras
import numpy as np
import pytest
from keras import layers

from radial import tensor_file
from radial.keras import RBFLayer, export

GENERATOR = np.random.default_rng(11)

NETWORKS = {
    "features": ((6,), [layers.Dense(9, "tanh"), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(4, "silu", use_bias=False)]),
    "pixels": ((8, 8), [layers.Rescaling(1 / 16, offset=-0.5), layers.Flatten(), layers.Dense(7, "softsign")]),
    "convolutions": (
        (12, 10, 2),
        [
            layers.ZeroPadding2D(((1, 0), (2, 1))), layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.BatchNormalization(scale=False), layers.MaxPooling2D((2, 1), padding="same"),
            layers.DepthwiseConv2D((3, 2), depth_multiplier=2), layers.LeakyReLU(negative_slope=0.3),
            layers.Conv2D(4, 2, groups=2, dilation_rate=2, use_bias=False), layers.ReLU(max_value=6.0, threshold=0.1),
            layers.AveragePooling2D((2, 2), strides=1), layers.Activation("elu"), layers.Flatten(),
        ],
    ),
    "global": ((7, 7, 3), [layers.Conv2D(5, 3, strides=2, activation="relu6"), layers.GlobalAveragePooling2D(), layers.GaussianNoise(1.0)]),
    "largest": ((7, 7, 3), [layers.Conv2D(5, 3, activation="selu"), layers.GlobalMaxPooling2D(keepdims=True), layers.Reshape((-1,))]),
    "nested": ((6,), [keras.Sequential([layers.Dense(5, "sigmoid"), layers.Dense(4, "softplus")]), layers.Dense(3)]),
    "only": ((4,), []),
}  # fmt: skip


# Untrained prototypes lie where they fell.
pytestmark = pytest.mark.filterwarnings("ignore:the prototypes of classes")


def network(shape: tuple[int, ...], between: list, **head: object) -> keras.Model:
    model = keras.Sequential([keras.Input(shape), *(layer.__class__.from_config(layer.get_config()) for layer in between), RBFLayer(3, **head)])
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([GENERATOR.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("form", ["gaussian", "distance", "negative_distance"])
def test_answers_are_those_of_keras(name: str, form: str, radial, tmp_path: pathlib.Path) -> None:
    shape, between = NETWORKS[name]
    model = network(shape, between, gamma=0.2, output_form=form)
    rows = GENERATOR.uniform(0, 2, (40, *shape)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows, labels=["a", "b", "c"])
    radial.check(tmp_path / "model.safetensors", rows, model.predict(rows, verbose=0))
    assert model.layers[-1].output_form == form


def test_a_file_may_answer_another_form(radial, tmp_path: pathlib.Path) -> None:
    model = network((6,), [layers.Dense(4)], gamma=0.7, trainable_gamma=True, output_form="negative_distance")
    rows = GENERATOR.normal(size=(30, 6)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows, output_form="gaussian")
    radial.check(tmp_path / "model.safetensors", rows, np.exp(model.predict(rows, verbose=0)))


def test_a_hidden_head_keeps_its_form(radial, tmp_path: pathlib.Path) -> None:
    model = network((6,), [RBFLayer(5, gamma=0.2)], gamma=0.7, output_form="negative_distance")
    rows = GENERATOR.normal(size=(30, 6)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows, output_form="gaussian")
    radial.check(tmp_path / "model.safetensors", rows, np.exp(model.predict(rows, verbose=0)))


def test_a_functional_model_is_written(radial, tmp_path: pathlib.Path) -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, RBFLayer(3)(layers.Dense(4, "tanh")(inputs)))
    rows = GENERATOR.normal(size=(30, 6)).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows)
    radial.check(tmp_path / "model.safetensors", rows, model.predict(rows, verbose=0))


def test_the_calibration_is_that_of_radial_calibrate(radial, tmp_path: pathlib.Path) -> None:
    model = network((6,), [layers.Dense(4)], output_form="distance")
    rows = GENERATOR.normal(size=(500, 6)).astype(np.float32)
    export(model, tmp_path / "ours.safetensors", rows, false_reject_rate=0.05)
    export(model, tmp_path / "none.safetensors", rows, calibrate=False)
    np.save(tmp_path / "rows.npy", rows)
    radial("calibrate", tmp_path / "none.safetensors", tmp_path / "rows.npy", "--false-reject-rate", 0.05, "-o", tmp_path / "theirs.safetensors")
    (ours, about), (theirs, expected) = (tensor_file.read(tmp_path / f"{name}.safetensors") for name in ("ours", "theirs"))
    assert json.loads(about["radial.calibration"]) == json.loads(expected["radial.calibration"])
    for part in ("offsets", "sketch"):
        assert np.array_equal(ours[f"calibration.{part}"], theirs[f"calibration.{part}"])
    assert np.allclose(ours["calibration.distances"], theirs["calibration.distances"], rtol=1e-5)


def test_verdicts_are_kept(radial, tmp_path: pathlib.Path) -> None:
    model = network((4,), [], output_form="distance")
    # Three classes of as many rows each: fewer than a hundred could reject nothing at 1 %.
    model.layers[-1].set_weights([np.eye(4, 3)])
    rows = (np.eye(3, 4)[np.arange(600) % 3] + GENERATOR.normal(0, 0.1, (600, 4))).astype(np.float32)
    export(model, tmp_path / "model.safetensors", rows, labels=["a", "b", "c"], training={"data_set": "noise"})
    near, far = radial.predictions(tmp_path / "model.safetensors", np.stack([rows[0], rows[0] + 100]))
    assert near["known"] is True and far["known"] is False and near["label"] in "abc"


def branch() -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, RBFLayer(3)(layers.Add()([layers.Dense(4)(inputs), inputs])))


def twice() -> keras.Model:
    inputs, shared = keras.Input((4,)), layers.Dense(4)
    return keras.Model(inputs, RBFLayer(3)(shared(shared(inputs))))


def operations() -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, RBFLayer(3)(3.0 * keras.ops.tanh(layers.Dense(4)(inputs))))


def nested(name: str) -> keras.Model:
    return keras.Sequential([keras.Input((4,)), layers.Dense(4, name=name)])


class Subclassed(keras.Sequential):
    """A Sequential that computes something else."""

    def __init__(self) -> None:
        super().__init__([keras.Input((4,)), layers.Dense(4), RBFLayer(3)])

    def call(self, *arguments, **more):
        return 2 * super().call(*arguments, **more)


class Own(layers.Dense):
    """A layer of the user's, named like one of Keras."""


Own.__name__ = "Dense"


def doubled(x):
    return 2 * x


def relu(x):
    """Called as one of Keras' functions, and none."""
    return 2 * keras.ops.relu(x)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (branch, "chain of layers"),
        (twice, "chain of layers"),
        (lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")]), "radial fit"),
        (lambda: network((4,), [layers.LayerNormalization()]), "radial convert"),
        (lambda: keras.Sequential([keras.Input((4,)), Own(3), RBFLayer(3)]), "export does not write"),
        (lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3, doubled), RBFLayer(3)]), "activation"),
        (lambda: network((4,), [layers.Dense(4), layers.Rescaling(2.0)]), "comes first"),
        (lambda: network((None, 4), [layers.GlobalAveragePooling1D()]), "shape"),
        (operations, "chain of layers"),
        (Subclassed, "a class of its own"),
        (lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3, relu), RBFLayer(3)]), "activation"),
        (lambda: keras.Sequential([keras.Input((4,), dtype="int32"), layers.Dense(3), RBFLayer(3)]), "of int32"),
        (lambda: network((4,), [layers.Dense(4, dtype="mixed_bfloat16")]), "computes in mixed_bfloat16"),
        (lambda: network((6, 5), [layers.Dense(4), layers.Flatten()]), "put a Flatten before"),
        (lambda: network((6, 5, 2), [layers.Activation("softmax"), layers.Flatten()]), "put a Flatten before"),
        (lambda: keras.Sequential([keras.Input((4,)), nested("d"), nested("d"), RBFLayer(3)]), "two layers are called"),
    ],
)
def test_what_has_no_place_is_refused_and_nothing_is_written(model, sentence: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=sentence):
        built = model()
        export(built, tmp_path / "model.safetensors", np.zeros((20, *(n or 3 for n in built.input_shape[1:]))))
    assert not list(tmp_path.iterdir())


def test_labels_are_counted(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="2 labels, expected one for each of the 3 units"):
        export(network((4,), []), tmp_path / "model.safetensors", np.zeros((20, 4)), labels=["a", "b"])


@pytest.mark.parametrize("wrong", [{"false_reject_rate": 5}, {"labels": range(3)}, {"labels": ["a", "", "c"]}])
def test_other_wrong_arguments(wrong: dict, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="expected"):
        export(network((4,), []), tmp_path / "model.safetensors", np.zeros((20, 4)), **wrong)
    with pytest.raises(ValueError, match="no held-out rows"):
        export(network((4,), []), tmp_path / "model.safetensors", np.zeros((0, 4)))
    assert not list(tmp_path.iterdir())


def test_rows_that_are_no_numbers_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="not finite"):
        export(network((4,), []), tmp_path / "model.safetensors", np.full((20, 4), np.nan))


def test_prototypes_that_fell_together_are_told(tmp_path: pathlib.Path) -> None:
    model = network((4,), [])
    model.layers[-1].set_weights([np.zeros((4, 3))])
    with pytest.warns(UserWarning, match="prototypes"):
        export(model, tmp_path / "model.safetensors", GENERATOR.normal(size=(20, 4)))
