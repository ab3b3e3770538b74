"""Keras layers of the networks that Radial serves."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="radial")
class RBFLayer(keras.layers.Layer):
    """exp(-gamma * ||x - mu||^2), one trainable prototype mu per class and one trainable gamma.

    Input [N, D], output [N, units]. The squared distance is the sum of squared differences, never the expanded
    ||x||^2 - 2 x.mu + ||mu||^2, which cancels. ``output``: "gaussian", "distance" (d^2) or "scaled_distance" (gamma * d^2).
    """

    def __init__(self, units, gamma=0.1, output="gaussian", trainable_gamma=True, centers_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.initial_gamma, self.output_kind = units, gamma, output
        self.trainable_gamma = trainable_gamma
        self.centers_initializer = keras.initializers.get(centers_initializer or keras.initializers.RandomNormal(0, 0.5, seed=1))

    def build(self, input_shape):
        # Prototypes as columns: (features, units).
        self.centers = self.add_weight(
            name="centers", shape=(input_shape[-1], self.units), initializer=self.centers_initializer
        )
        # The logarithm is trained, so that gamma stays positive.
        self.log_gamma = self.add_weight(
            name="log_gamma",
            shape=(),
            initializer=keras.initializers.Constant(float(ops.log(self.initial_gamma))),
            trainable=self.trainable_gamma,
        )

    @property
    def gamma(self):
        return ops.exp(self.log_gamma)

    def call(self, inputs):
        differences = ops.expand_dims(inputs, -1) - self.centers
        distances = ops.sum(ops.square(differences), axis=1)
        if self.output_kind == "distance":
            return distances
        scaled = self.gamma * distances
        return scaled if self.output_kind == "scaled_distance" else ops.exp(-scaled)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "gamma": self.initial_gamma,
            "output": self.output_kind,
            "trainable_gamma": self.trainable_gamma,
            "centers_initializer": keras.initializers.serialize(self.centers_initializer),
        }
