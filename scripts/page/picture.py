"""Keeps a page as a picture of few colours, as wide as a desktop and as long as it is: picture.py FILE PICTURE"""

import io
import pathlib
import sys

from browser import chromium
from PIL import Image

source, target = map(pathlib.Path, sys.argv[1:])
with chromium() as browser:
    page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
    page.goto(source.resolve().as_uri())
    taken = page.screenshot(full_page=True)
few = Image.open(io.BytesIO(taken)).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
few.save(target, optimize=True)
