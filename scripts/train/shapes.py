"""Ink in MNIST's manner: scaled to 20 x 20 pixels, its centre of mass in the middle of 28 x 28 (LeCun et al. 1998, section III.A).

Also pen strokes drawn with Pillow. A point is (across, down), in any unit; a stroke is a list of points.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .distortion import SIDE

INK_SIDE = 20
_FINER = 4
"""Strokes are drawn this many times larger, then averaged."""

Stroke = Sequence[tuple[float, float]]


def framed(image: Image.Image) -> np.ndarray:
    """uint8 [28, 28] of a grey picture, 0 = background, of any size; without ink it is empty."""
    frame = np.zeros((SIDE, SIDE), np.uint8)
    box = image.getbbox()
    if box is None:
        return frame
    ink = image.crop(box)
    factor = INK_SIDE / max(ink.size)
    width, height = (max(1, round(side * factor)) for side in ink.size)
    ink = np.asarray(ink.resize((width, height), Image.Resampling.HAMMING), np.float64)
    total = max(ink.sum(), 1.0)
    top, left = (
        round(min(max(SIDE / 2 - (ink.sum(1 - axis) @ (np.arange(side) + 0.5)) / total, 0), SIDE - side))
        for axis, side in enumerate((height, width))
    )
    frame[top : top + height, left : left + width] = np.round(ink)
    return frame


def drawn(strokes: Sequence[Stroke], pen: float) -> np.ndarray:
    """uint8 [28, 28] of strokes that are scaled to fit, drawn with a round pen `pen` pixels wide."""
    points = np.concatenate([np.asarray(stroke, np.float64) for stroke in strokes])
    low, span = points.min(0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    radius = pen * _FINER / 2
    room = INK_SIDE * _FINER - 2 * radius
    image = Image.new("L", (INK_SIDE * _FINER, INK_SIDE * _FINER))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        places = [tuple((np.asarray(point) - low) / span * room + radius) for point in stroke]
        draw.line(places, fill=255, width=round(2 * radius))
        for across, down in places:  # round joints and ends
            draw.ellipse((across - radius, down - radius, across + radius, down + radius), fill=255)
    return framed(image)
