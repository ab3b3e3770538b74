"""The radial basis layer.

Shapes: N rows, H features entering the layer, C units (one prototype each).
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

OUTPUT_FORMS = ("gaussian", "distance", "negative_distance")


@keras.saving.register_keras_serializable(package="radial")
class RBFLayer(keras.layers.Layer):
    """exp(-gamma * d2[n, c]) with d2[n, c] = sum_k (h[n, k] - centers[k, c])^2.

    `centers` is [H, C], one prototype a column. `gamma` is one positive number for the whole layer: a constant kept
    in the configuration, or, with `trainable_gamma`, softplus of a trained scalar that starts at the given value.

    `output_form`: "gaussian" as above; "distance" is d2 itself, gamma unused; "negative_distance" is -gamma * d2, the
    logits to train on (the Gaussian underflows, and its gradient with it, long before its logarithm does).

    Prototypes start at N(0, 0.5^2), apart from each other: of prototypes that start close together, as small random
    weights are, the loss' pull makes one.
    """

    def __init__(
        self,
        units: int,
        gamma: float = 0.5,
        trainable_gamma: bool = False,
        output_form: str = "gaussian",
        centers_initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if output_form not in OUTPUT_FORMS:
            raise ValueError(f"output_form is {output_form!r}, expected one of {', '.join(OUTPUT_FORMS)}")
        if not gamma > 0:
            raise ValueError(f"gamma is {gamma}, expected a positive number")
        self.units = units
        self.initial_gamma = float(gamma)
        self.trainable_gamma = trainable_gamma
        self.output_form = output_form
        self.centers_initializer = keras.initializers.get(centers_initializer or keras.initializers.RandomNormal(0.0, 0.5))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.centers = self.add_weight(
            name="centers", shape=(input_shape[-1], self.units), initializer=self.centers_initializer
        )
        self.raw_gamma = None
        if self.trainable_gamma:
            inverse_softplus = self.initial_gamma + math.log(-math.expm1(-self.initial_gamma))
            self.raw_gamma = self.add_weight(
                name="raw_gamma", shape=(), initializer=keras.initializers.Constant(inverse_softplus)
            )

    @property
    def gamma(self) -> Any:
        """The factor in use: a float, or a scalar tensor when it is trained."""
        return self.initial_gamma if self.raw_gamma is None else ops.softplus(self.raw_gamma)

    def call(self, inputs: Any) -> Any:
        """[N, H] -> [N, C]."""
        # Differences first, then squares: |h|^2 - 2 h.mu + |mu|^2 cancels for rows close to a prototype.
        difference = ops.expand_dims(inputs, -1) - self.centers  # [N, H, C]
        squared_distance = ops.sum(ops.square(difference), axis=-2)
        if self.output_form == "distance":
            return squared_distance
        exponent = -self.gamma * squared_distance
        return exponent if self.output_form == "negative_distance" else ops.exp(exponent)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "gamma": self.initial_gamma,
            "trainable_gamma": self.trainable_gamma,
            "output_form": self.output_form,
            "centers_initializer": keras.initializers.serialize(self.centers_initializer),
        }
