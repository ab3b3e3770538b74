"""Pictures that belong to no class: those that training takes outliers from, and those that a model is measured with.

Each set is drawn once, with a seed of its own, and kept beside the build until what draws it changes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Callable

import numpy as np
from PIL import Image

from . import letters, strokes
from .distortion import SIDE
from .recipes import Outliers
from .shapes import drawn, framed

FOLDER = Path(__file__).resolve().parents[2] / ".build/train"
_SOURCES = ("fonts.tsv", "letters.py", "pools.py", "shapes.py", "strokes.py")
FONTS = FOLDER / "fonts"
MEASURED = 2_000
"""Pictures of each measured kind."""


def of_training(shares: Outliers) -> dict[str, np.ndarray]:
    """uint8 [N, 784] by kind, of those that the recipe has a share of."""
    draw: dict[str, Callable[[], np.ndarray]] = {
        "letters": lambda: letters.images("training", FONTS),
        "strokes": lambda: strokes.images(strokes.walking, 20_000, np.random.default_rng(1)),
    }
    return {kind: _kept(f"training-{kind}", make) for kind, make in draw.items() if getattr(shares, kind)}


def measuring(rows: np.ndarray) -> dict[str, np.ndarray]:
    """float32 [N, 784] by kind: letters of other fonts, other strokes, pairs of `rows` [N, 784] in one frame, drawings by hand."""

    def some_letters() -> np.ndarray:
        pictures = letters.images("measuring", FONTS)
        return pictures[np.random.default_rng(2).choice(len(pictures), MEASURED, replace=False)]

    sets = {
        "letters": _kept("measuring-letters", some_letters),
        "strokes": _kept("measuring-strokes", lambda: strokes.images(strokes.pieced, MEASURED, np.random.default_rng(3))),
        "doubles": side_by_side(rows, MEASURED, np.random.default_rng(4)),
        "drawings": np.stack([*drawings().values()]),
    }
    return {kind: pictures.astype(np.float32) for kind, pictures in sets.items()}


def drawings() -> dict[str, np.ndarray]:
    """uint8 [784] by name: the strokes of drawings.json with a pen of 2.4 pixels."""
    table = json.loads(Path(__file__).with_name("drawings.json").read_text())
    return {name: drawn(lines, pen=2.4).reshape(-1) for name, lines in table.items()}


def side_by_side(rows: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """uint8 [count, 784]: the ink of two rows beside each other, up to four pixels apart, framed as one."""
    pictures = []
    for first, second in generator.integers(0, len(rows), (count, 2)):
        inks = [Image.fromarray(rows[row].reshape(SIDE, SIDE).astype(np.uint8)) for row in (first, second)]
        inks = [ink.crop(ink.getbbox()) for ink in inks]
        gap = int(generator.integers(0, 5))
        height = max(ink.height for ink in inks)
        pair = Image.new("L", (inks[0].width + gap + inks[1].width, height))
        pair.paste(inks[0], (0, (height - inks[0].height) // 2))
        pair.paste(inks[1], (inks[0].width + gap, (height - inks[1].height) // 2))
        pictures.append(framed(pair).reshape(-1))
    return np.stack(pictures)


def _kept(name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    drawn_by = [Path(__file__).with_name(source) for source in _SOURCES]
    if name.endswith("letters"):
        drawn_by += letters.faces(name.split("-")[0], FONTS)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in drawn_by)).hexdigest()[:12]
    path = FOLDER / f"{name}-{digest}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob(f"{name}-*.npy"):
            stale.unlink()
        scratch = path.with_suffix(".partial")
        with scratch.open("wb") as file:
            np.save(file, make())
        scratch.replace(path)
    return np.load(path)
