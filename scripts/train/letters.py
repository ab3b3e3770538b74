"""Letters and symbols that are no digit however they are written, drawn from the fonts of fonts.tsv.

Left out are those that somebody's digit looks like: b, B, D, g, G, i, I, j, J, l, o, O, q, Q, s, S, y, Y, z, Z, |, /, ( and their like.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .shapes import framed

CHARACTERS = "ACEFHKLMNPRTUVWXadefhkmnprtuvwx&@#%?+=*~^<>{€£¥ΓΔΛΞΠΨΩλπψωДЖЦШЫЮЯ"
"""What is drawn, of what a font has."""

_TABLE = Path(__file__).with_name("fonts.tsv")
_SIZE = 64
_THICKER = range(4)
"""The widths of a stroke around the outline, in pixels of a letter of 64."""


class Package(NamedTuple):
    """A line of the table."""

    name: str
    licence: str
    use: str
    faces: list[str]


def packages(use: str | None = None) -> list[Package]:
    """The lines of the table, those for that use or all."""
    lines = [line.split("\t") for line in _TABLE.read_text().splitlines() if not line.startswith("#")]
    table = [Package(name, licence, used, faces.split(" ")) for name, licence, used, faces in lines]
    return [package for package in table if use in (None, package.use)]


def images(use: str, fonts: Path) -> np.ndarray:
    """uint8 [N, 784]: every character of every face for that use, at four thicknesses. `fonts` has a folder a package."""
    pictures = [picture for face in faces(use, fonts) for picture in _of_face(face)]
    return np.stack(pictures).reshape(len(pictures), -1)


def faces(use: str, fonts: Path) -> list[Path]:
    """The files of the faces for that use."""
    paths = []
    for package in packages(use):
        for face in package.faces:
            path = next((fonts / package.name).rglob(face), None)
            if path is None:
                raise FileNotFoundError(f"{face} of Debian's package {package.name} is not below {fonts}: scripts/train.sh unpacks it there")
            paths.append(path)
    return paths


def _of_face(path: Path) -> list[np.ndarray]:
    from fontTools.ttLib import TTFont  # for those who draw; the table is read without it

    with TTFont(path, lazy=True) as font:
        known = font.getBestCmap()
    font = ImageFont.truetype(path, _SIZE)
    pictures = []
    for character in CHARACTERS:
        if ord(character) in known:
            for thicker in _THICKER:
                image = Image.new("L", (4 * _SIZE, 4 * _SIZE))
                draw = ImageDraw.Draw(image)
                draw.text((2 * _SIZE, 2 * _SIZE), character, fill=255, font=font, stroke_width=thicker, anchor="mm")
                picture = framed(image)
                if picture.any():
                    pictures.append(picture)
    return pictures
