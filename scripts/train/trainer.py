"""Trains a recipe: AdamW with a one-cycle rate, averaged weights, distorted rows, synthetic outliers; resumable.

The loss and the outliers are those of the package `radial`, the loss on the logits -gamma d2; the outliers' may be squared.

Shapes: N rows, D inputs, C classes.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from radial.keras.loss import REACH, known_loss, outlier_loss
from radial.outliers import image_outliers

from . import idx
from .distortion import SIDE, KeyDraws, two_in_one
from .forward import Tensors, distances
from .recipes import GAMMA, PREPROCESSING, Recipe

BATCH = 128
STEPS_PER_CALL = 46  # 53,000 rows are 414 batches, 9 calls
LARGEST_NORM = 5.0
RISING = 0.3
"""Of the steps, those in which the rate rises to its peak."""
CHOOSING = 2**31 - 1
"""The seed of what the choice between seeds is made with: no training has it."""
MOVING = 0.99
"""Of a moving mean or variance, what a step leaves."""


class State(NamedTuple):
    """What a checkpoint holds, besides the history."""

    tensors: Tensors
    average: Tensors
    first: Tensors
    second: Tensors
    step: jax.Array


def initial_tensors(recipe: Recipe, seed: int) -> dict[str, np.ndarray]:
    """Glorot uniform kernels, zero biases, prototypes from N(0, 0.5^2) unless they are fixed."""
    generator = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}
    shape = list(recipe.architecture["input_shape"])

    def glorot(dimensions: tuple[int, ...], inputs: int, outputs: int) -> np.ndarray:
        limit = math.sqrt(6 / (inputs + outputs))
        return generator.uniform(-limit, limit, dimensions).astype(np.float32)

    for layer in recipe.architecture["layers"]:
        name, kind = layer["name"], layer["type"]
        if kind == "conv2d":
            height, width = layer["kernel_size"]
            filters = layer["filters"]
            size = (height, width, shape[2], filters)
            tensors[f"{name}.kernel"] = glorot(size, height * width * shape[2], height * width * filters)
            if layer["use_bias"]:
                tensors[f"{name}.bias"] = np.zeros(filters, np.float32)
            if layer["padding"] == "valid":
                shape = [shape[0] - height + 1, shape[1] - width + 1, filters]
            shape[2] = filters
        elif kind == "batch_normalization":
            for part, value in (("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)):
                tensors[f"{name}.{part}"] = np.full(shape[-1], value, np.float32)
        elif kind == "activation":
            pass
        elif kind in ("average_pooling2d", "max_pooling2d", "subsampling2d"):
            shape = [shape[0] // 2, shape[1] // 2, shape[2]]
            if kind == "subsampling2d":
                tensors[f"{name}.factor"] = np.full(shape[2], 1.5, np.float32)
                tensors[f"{name}.offset"] = np.zeros(shape[2], np.float32)
        elif kind == "flatten":
            shape = [math.prod(shape)]
        elif kind == "dense":
            tensors[f"{name}.kernel"] = glorot((shape[0], layer["units"]), shape[0], layer["units"])
            tensors[f"{name}.bias"] = np.zeros(layer["units"], np.float32)
            shape = [layer["units"]]
        else:
            centers = generator.normal(0, 0.5, (shape[0], layer["units"])).astype(np.float32)
            tensors[f"{name}.centers"] = recipe.fixed_centers() if recipe.fixed_centers else centers
    for name, factors in (recipe.connections or {}).items():
        tensors[name] = tensors[name] * factors
    return tensors


def loss(
    recipe: Recipe,
    tensors: Tensors,
    rows: jax.Array,
    labels: jax.Array,
    share: jax.Array | float = 1.0,
    training: bool = True,
) -> tuple[jax.Array, tuple[jax.Array, Tensors]]:
    """The loss; its two parts [2], and what batch normalisation saw. The first len(labels) `rows` belong to classes, the others to none.

    `share` is what the outliers' weight counts of itself.
    """
    squared, statistics = distances(recipe.architecture, tensors, rows, len(labels) if training else 0)
    logits = -GAMMA * squared
    inside, outside = logits[: len(labels)], logits[len(labels) :]
    known = known_loss(labels, inside, recipe.pull).mean()
    pushed = jnp.float32(0)
    if len(outside):
        force = jnp.square(jax.nn.relu(REACH + outside)) / (2 * REACH) if recipe.outliers.squared else outlier_loss(outside)
        pushed = force.mean()
    return known + share * recipe.outliers.weight * pushed, (jnp.stack([known, pushed]), statistics)


def one_cycle(recipe: Recipe, step: jax.Array, steps: int) -> jax.Array:
    """Half a cosine up to the peak, half a cosine down to almost nothing."""
    progress = step / steps
    rising = 0.04 + 0.96 * (0.5 - 0.5 * jnp.cos(math.pi * jnp.minimum(progress / RISING, 1.0)))
    falling = 0.5 + 0.5 * jnp.cos(math.pi * jnp.clip((progress - RISING) / (1 - RISING), 0.0, 1.0))
    return recipe.peak_rate * jnp.maximum(jnp.where(progress < RISING, rising, falling), 1e-4)


class Trainer:
    """One run. `state` is replaced by every call of `epoch`."""

    def __init__(
        self, name: str, recipe: Recipe, training: idx.Digits, pools: dict[str, np.ndarray], epochs: int, seed: int
    ) -> None:
        """`pools` has uint8 [N, 784] by the name of each kind that is drawn from one: letters, strokes."""
        self.recipe, self.epochs, self.seed = recipe, epochs, seed
        self._run = f"{name} {recipe.digest()} epochs {epochs} seed {seed}"
        self.pools = {kind: jnp.asarray(images) for kind, images in pools.items()}
        self.pixels = jnp.asarray(training.pixels.astype(np.uint8))
        self.labels = jnp.asarray(training.labels.astype(np.int32))
        self.steps_per_epoch = len(training.labels) // BATCH // STEPS_PER_CALL * STEPS_PER_CALL
        self.history: list[dict[str, float]] = []
        tensors = {name: jnp.asarray(values) for name, values in initial_tensors(recipe, seed).items()}
        zeros = {name: jnp.zeros_like(values) for name, values in tensors.items()}
        self.state = State(tensors, dict(tensors), zeros, dict(zeros), jnp.int32(0))
        self._steps = jax.jit(self._run_steps)
        self._choice = jax.jit(self._loss_of_choice)
        self._classes = jax.jit(lambda tensors, rows: distances(recipe.architecture, tensors, rows)[0].argmin(1))

    def _rows(self, key: jax.Array, pixels: jax.Array) -> jax.Array:
        """[BATCH + outliers, 784]: the rows of a batch, distorted, and the outliers beside them."""
        recipe, scale = self.recipe, np.float32(PREPROCESSING["scale"])
        distorting, inventing, picking, pairing = jax.random.split(key, 4)
        shares = {kind: getattr(recipe.outliers, kind) for kind in self.pools}
        picked = [
            pool[jax.random.randint(jax.random.fold_in(picking, number), (shares[kind],), 0, len(pool))]
            for number, (kind, pool) in enumerate(self.pools.items())
        ]
        originals = jnp.concatenate([pixels, *picked]).astype(jnp.float32) * scale
        rows = recipe.distortion(distorting, originals)
        images = rows.reshape(-1, SIDE, SIDE)
        made = image_outliers(KeyDraws(inventing), images[: recipe.outliers.made], jnp)
        rows = jnp.concatenate([rows, made.reshape(len(made), -1)])
        if recipe.outliers.doubles:
            pairs = two_in_one(pairing, images[: 2 * recipe.outliers.doubles])
            rows = jnp.concatenate([rows, pairs.reshape(len(pairs), -1)])
        return rows

    def _loss_of_choice(self, average: Tensors, key: jax.Array, pixels: jax.Array, labels: jax.Array) -> jax.Array:
        return loss(self.recipe, average, self._rows(key, pixels), labels, training=False)[0]

    def _one_step(self, state: State, chosen: jax.Array) -> tuple[State, jax.Array]:
        recipe, step = self.recipe, state.step
        rows = self._rows(jax.random.fold_in(jax.random.key(self.seed), step), self.pixels[chosen])
        labels = self.labels[chosen]
        # Outliers weigh more and more over the rising part of the cycle: at full weight from the start they push the classes' rows
        # away too, before there is anything that tells them apart.
        share = jnp.minimum(1.0, step / (RISING * self.epochs * self.steps_per_epoch))
        compute = jax.grad(lambda tensors: loss(recipe, tensors, rows, labels, share), has_aux=True)
        gradient, (parts, statistics) = compute(state.tensors)
        for name, factors in (recipe.connections or {}).items():
            gradient[name] = gradient[name] * factors
        if recipe.fixed_centers:
            gradient["rbf.centers"] = jnp.zeros_like(gradient["rbf.centers"])
        norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in gradient.values()))
        cut = jnp.minimum(1.0, LARGEST_NORM / (norm + 1e-6))

        rate = one_cycle(recipe, step, self.epochs * self.steps_per_epoch)
        t = (step + 1).astype(jnp.float32)
        average_factor = jnp.minimum(recipe.averaging, t / (t + 10))  # the start is forgotten quickly
        tensors, average, first, second = {}, {}, {}, {}
        for name, value in state.tensors.items():
            g = gradient[name] * cut
            first[name] = 0.9 * state.first[name] + 0.1 * g
            second[name] = 0.999 * state.second[name] + 0.001 * g * g
            move = (first[name] / (1 - 0.9**t)) / (jnp.sqrt(second[name] / (1 - 0.999**t)) + 1e-8)
            if name.endswith(".kernel"):
                move = move + recipe.weight_decay * value
            tensors[name] = value - rate * move
            if name in statistics:  # no gradient reaches them
                tensors[name] = MOVING * value + (1 - MOVING) * statistics[name]
            average[name] = average_factor * state.average[name] + (1 - average_factor) * tensors[name]
        return State(tensors, average, first, second, step + 1), parts

    def _run_steps(self, state: State, chosen: jax.Array) -> tuple[State, jax.Array]:
        """`chosen` [steps, BATCH] row numbers."""
        state, parts = jax.lax.scan(self._one_step, state, chosen)
        return state, parts.mean(0)

    def epoch(self, number: int) -> dict[str, float]:
        """Runs epoch `number` (from 0) in an order that depends on the seed and the number alone."""
        order = np.random.default_rng((self.seed, number)).permutation(len(self.labels))
        order = order[: self.steps_per_epoch * BATCH].reshape(-1, STEPS_PER_CALL, BATCH)
        parts = []
        for call, chosen in enumerate(order):
            self.state, means = self._steps(self.state, jnp.asarray(chosen))
            parts.append(np.asarray(means))
            if sys.stderr.isatty():
                done = round(30 * (call + 1) / len(order))
                bar = "█" * done + "·" * (30 - done)
                print(f"\r{number + 1:3d}/{self.epochs} {bar} loss {parts[-1][0]:.4f}", end="", file=sys.stderr)
        known, pushed = np.mean(parts, axis=0)
        return {"epoch": number + 1, "loss": float(known), "outlier_loss": float(pushed)}

    def error(self, rows: idx.Digits) -> float:
        """The share of `rows` that the averaged weights misread."""
        inputs = rows.pixels * np.float32(PREPROCESSING["scale"])
        parts = np.split(inputs, range(500, len(inputs), 500))
        classes = np.concatenate([self._classes(self.state.average, part) for part in parts])
        return float(np.mean(classes != rows.labels))

    def choice_loss(self, rows: idx.Digits) -> float:
        """The recipe's loss of the averaged weights, of `rows`, distorted, and of the outliers beside them: what is drawn is the same for every seed."""
        parts = []
        for number, start in enumerate(range(0, len(rows.labels) // BATCH * BATCH, BATCH)):
            batch = rows.rows(start, start + BATCH)
            key = jax.random.fold_in(jax.random.key(CHOOSING), number)
            parts.append(self._choice(self.state.average, key, batch.pixels.astype(np.uint8), batch.labels.astype(np.int32)))
        return float(np.mean(parts))

    def check(self, pixels: np.ndarray, expected: np.ndarray) -> None:
        """Ends where raw rows [N, 784] have other squared distances here than Keras' [N, C]: then something else was trained than is written."""
        squared, _ = distances(self.recipe.architecture, self.state.average, pixels * np.float32(PREPROCESSING["scale"]))
        worst = float(np.max(np.abs(np.asarray(squared) - expected) / (1e-3 + 1e-3 * expected)))
        if not worst <= 1:
            sys.exit(f"squared distances differ from Keras' by {worst:.3g} times 0.1 % and 0.001, expected at most once that")

    def averaged(self) -> dict[str, np.ndarray]:
        """The weights to ship."""
        return {name: np.asarray(values) for name, values in self.state.average.items()}

    def run(self, choice: idx.Digits, checkpoint: Path) -> None:
        """Trains to the end, with the error on `choice` after every epoch, going on from `checkpoint` if it is there; writes it after every epoch."""
        self._resume(checkpoint)
        for number in range(len(self.history), self.epochs):
            started, used = time.monotonic(), time.process_time()
            record = self.epoch(number)
            record["choice_error"] = self.error(choice)
            record["seconds"] = time.monotonic() - started
            record["processor_seconds"] = time.process_time() - used
            self.history.append(record)
            print(
                f"\r{number + 1:3d}/{self.epochs} loss {record['loss']:.4f}  outliers {record['outlier_loss']:.4f}"
                f"  choice {record['choice_error']:.2%}  {record['seconds']:.1f} s",
                file=sys.stderr,
            )
            self._save(checkpoint)

    def _save(self, path: Path) -> None:
        values = {
            f"{part}:{name}": np.asarray(value)
            for part in ("tensors", "average", "first", "second")
            for name, value in getattr(self.state, part).items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.stem}.partial.npz")
        np.savez(scratch, step=np.asarray(self.state.step), history=json.dumps(self.history), run=self._run, **values)
        scratch.replace(path)

    def _resume(self, path: Path) -> None:
        if not path.exists():
            return
        with np.load(path) as stored:
            if str(stored["run"]) != self._run:
                sys.exit(f"{path}: a checkpoint of another recipe, seed or number of epochs; remove it or use --fresh")
            self.history = json.loads(str(stored["history"]))
            parts: dict[str, Any] = {part: {} for part in ("tensors", "average", "first", "second")}
            for key in stored.files:
                part, _, name = key.partition(":")
                if name:
                    parts[part][name] = jnp.asarray(stored[key])
            self.state = State(**parts, step=jnp.asarray(stored["step"]))
        print(f"going on after epoch {len(self.history)}", file=sys.stderr)
