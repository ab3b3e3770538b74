"""What the tests of the page share: a browser, drawing, dropping, waiting, and problems that must not be."""

import base64
import json
import pathlib
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

Stroke = list[tuple[float, float]]

# On the pad's 280 × 280.
SEVEN: list[Stroke] = [[(70, 70), (200, 70), (130, 230)]]
# A key: a ring and a bar with two teeth.
KEY: list[Stroke] = [
    [(90, 140), (80, 165), (55, 175), (30, 165), (20, 140), (30, 115), (55, 105), (80, 115), (90, 140)],
    [(90, 140), (250, 140), (250, 190)],
    [(200, 140), (200, 180)],
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, *, expected: tuple[str, ...] = (), width: int = 1280, **options) -> Iterator[Page]:
    """A page of a context of its own. Afterwards the console has been silent but for lines with one of `expected` in them, nothing was
    loaded from elsewhere, at most one question was on its way at a time, and nothing scrolls sideways."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    problems: list[str] = []
    asking: set[object] = set()

    def tell(text: str) -> None:
        if not any(part in text for part in expected):
            problems.append(text)

    def begins(request) -> None:
        if not request.url.startswith((url.split("#")[0].rstrip("/"), "data:")):
            problems.append(f"loads {request.url}")
        if request.method == "POST":
            asking.add(request)
            if len(asking) > 1:
                problems.append("two requests at a time")

    page.on("console", lambda message: tell(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", begins)
    page.on("requestfinished", lambda request: asking.discard(request))
    page.on("requestfailed", lambda request: asking.discard(request))
    page.goto(url)
    yield page
    settle(page)
    fits(page)
    assert not problems, problems
    context.close()


def fits(page: Page) -> None:
    """Nothing scrolls sideways."""
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen, f"{wide} pixels wide in a window of {seen}"


def settle(page: Page) -> None:
    """Waits until nothing is drawn or asked any more."""
    until(page, "!isAsking && !isStale && pending === null")


def until(page: Page, expression: str) -> None:
    """Waits for an expression in the page. Playwright's own wait_for_function needs eval, which the page's policy does not allow."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"waited in vain for {expression}; the page: {page.locator('main').inner_text()[:500]}"
        page.wait_for_timeout(20)


def draw(page: Page, strokes: list[Stroke]) -> None:
    page.wait_for_selector("#pad:visible")
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    assert box is not None, "there is no pad"
    scale = box["width"] / 280
    for (x, y), *others in strokes:
        page.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=10)
        page.mouse.up()
    page.wait_for_selector("#verdict strong")
    settle(page)


def expect(page: Page, answer: str, badge: str | None = None) -> None:
    """Waits for that answer; None: whatever stands beside it."""
    until(page, f"document.querySelector('#verdict strong')?.innerText === {json.dumps(answer)}")
    settle(page)
    found = page.locator("#verdict strong").inner_text(), page.locator("#verdict b").inner_text()
    assert found == (answer, badge or found[1]), f"expected '{answer}', '{badge}', found {found}"


def nearest(page: Page) -> str:
    rows = page.locator("#classes tr.nearest")
    assert rows.count() == 1, f"{rows.count()} classes are the nearest"
    return rows.locator("th").inner_text()


def drop(page: Page, data: bytes, name: str, kind: str) -> None:
    page.evaluate(
        """([data, name, type]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(data), one => one.charCodeAt(0))], name, { type }));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
        }""",
        [base64.b64encode(data).decode(), name, kind],
    )


def photographed(row: list[int], times: int = 4, margin: int = 24) -> bytes:
    """A PNG of a digit of 28 × 28 pixels as on paper: dark on a light ground, larger, with a margin."""
    size = 28 * times + 2 * margin
    lines = bytearray()
    for y in range(size):
        lines.append(0)
        for x in range(size):
            row_y, row_x = (y - margin) // times, (x - margin) // times
            ink = row[28 * row_y + row_x] if 0 <= row_y < 28 and 0 <= row_x < 28 else 0
            lines.append(235 - ink * 200 // 255)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(lines))) + chunk(b"IEND", b"")


def digits() -> list[tuple[list[int], int]]:
    sample = json.loads(pathlib.Path("Tests/EndToEndTests/Data/mnist-sample.json").read_text())
    return list(zip(sample["rows"], sample["labels"]))


def is_accessible(page: Page, what: str) -> None:
    """By axe: WCAG 2.2 A and AA, of which it leaves out the size of targets unless asked, and its best practices."""
    found = Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert found.violations_count == 0, f"{what}: {found.generate_report()}"
