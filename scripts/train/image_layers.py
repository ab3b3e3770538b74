"""What LeNet-5 needs and Keras does not have: the scaled tanh, and the subsampling of 1998."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="radial")
def scaled_tanh(x: Any) -> Any:
    """1.7159 tanh(2x/3): f(1) = 1 and f(-1) = -1, as LeCun et al. 1998 want for targets of +1 and -1."""
    return 1.7159 * ops.tanh(x * (2 / 3))


@keras.saving.register_keras_serializable(package="radial")
class Subsampling2D(keras.layers.Layer):
    """activation(factor[c] * mean of a 2 by 2 window + offset[c]); windows do not overlap.

    LeCun et al. 1998 sum the four cells; the factor here is four times theirs.
    """

    def __init__(self, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer="ones")
        self.offset = self.add_weight(name="offset", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """[N, H, W, channels] -> [N, H / 2, W / 2, channels]."""
        return self.activation(self.factor * ops.average_pool(inputs, 2, 2) + self.offset)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        rows, height, width, channels = input_shape
        return (rows, height // 2, width // 2, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": keras.activations.serialize(self.activation)}
