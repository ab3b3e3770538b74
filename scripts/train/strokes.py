"""Random pen strokes, by two generators: one to train with, another to measure with."""

from __future__ import annotations

import math
from typing import Callable

import numpy as np

from .shapes import Stroke, drawn

_PENS = 1.6, 3.6
"""The width of the pen in pixels of 28 x 28, drawn evenly."""


def walking(generator: np.random.Generator) -> list[Stroke]:
    """For training: four to nine pieces of constant curvature, walked in small steps, with corners and lifts of the pen between them.

    One that is narrower than two fifths of its length is drawn anew: a bar is a digit. A third are outlines.
    """
    if generator.random() < 1 / 3:
        return _outlined(generator)
    while True:
        strokes = _walk(generator)
        span = np.ptp(np.concatenate(strokes), axis=0)
        if span.min() >= 0.4 * span.max():
            return strokes


def _walk(generator: np.random.Generator) -> list[Stroke]:
    here, heading = np.zeros(2), generator.uniform(0, 2 * math.pi)
    strokes = [[tuple(here)]]
    bend = generator.choice([0.0, 2.0, 5.0])  # radians a unit of length: polylines, arcs, curls
    for _ in range(generator.integers(4, 10)):
        if generator.random() < 0.25:
            here = here + generator.uniform(-0.7, 0.7, 2)
            strokes.append([tuple(here)])
        if generator.random() < (0.6 if bend else 0.9):
            heading += generator.uniform(-math.pi, math.pi)
        curvature = generator.normal(0, bend)
        for _ in range(round(generator.uniform(0.2, 0.9) / 0.05)):
            heading += 0.05 * curvature
            here = here + 0.05 * np.array([math.cos(heading), math.sin(heading)])
            strokes[-1].append(tuple(here))
    return strokes


def _outlined(generator: np.random.Generator) -> list[Stroke]:
    """A polygon of three to five corners with up to four marks inside, or an ellipse with two to four: an empty one is a digit."""
    corners = int(generator.integers(3, 7))
    empty = corners < 6
    count = corners if empty else 24
    shift = generator.uniform(-0.3, 0.3, count) if empty else 0
    angle = generator.uniform(0, 2 * math.pi) + (np.arange(count) + shift) * (2 * math.pi / count)
    half = generator.uniform(0.3, 0.5, (count, 2) if empty else 2)
    outline = half * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    strokes = [[tuple(point) for point in [*outline, outline[0]]]]
    for _ in range(generator.integers(0 if empty else 2, 5)):
        points = np.cumsum([generator.uniform(-0.25, 0.25, 2), *generator.uniform(-0.2, 0.2, (2, 2))], axis=0)
        strokes.append([tuple(point) for point in points])
    return strokes


def pieced(generator: np.random.Generator) -> list[Stroke]:
    """For measuring: three to five cubic Bézier curves, arcs of ellipses or straight lines in a square; half begin where the last one ended."""
    strokes = []
    last = generator.random(2)
    for _ in range(generator.integers(3, 6)):
        if generator.random() < 0.5:
            last = generator.random(2)
        kind = generator.integers(3)
        if kind == 0:
            t = np.linspace(0, 1, 20)[:, None]
            a, b, c = generator.random((3, 2))
            points = (1 - t) ** 3 * last + 3 * t * (1 - t) ** 2 * a + 3 * t**2 * (1 - t) * b + t**3 * c
        elif kind == 1:
            start, sweep = generator.uniform(0, 2 * math.pi), generator.uniform(1.0, 2 * math.pi)
            angle = start + np.linspace(0, sweep, 24)
            half = generator.uniform(0.1, 0.5, 2)
            points = np.stack([half[0] * np.cos(angle), half[1] * np.sin(angle)], axis=1)
            points = points - points[0] + last
        else:
            points = np.stack([last, generator.random(2)])
        strokes.append([tuple(point) for point in points])
        last = points[-1]
    return strokes


def images(make: Callable[[np.random.Generator], list[Stroke]], count: int, generator: np.random.Generator) -> np.ndarray:
    """uint8 [count, 784] of one of the generators above."""
    pictures = [drawn(make(generator), generator.uniform(*_PENS)) for _ in range(count)]
    return np.stack(pictures).reshape(count, -1)
