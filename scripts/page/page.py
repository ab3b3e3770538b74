"""Tries the page: page.py URL PREFIXED PID KEY [--short] [--screenshots FOLDER]

URL is of a server of the models that ship, of one of two versions, without distances, of one class, of no class; PREFIXED of one behind a
prefix that asks for KEY, whose process PID is ended at last. --short leaves out what the long form tries at other widths, in the dark and
with other models.
"""

import argparse
import json
import os
import pathlib
import signal
import time

from browser import KEY, SEVEN, chromium, digits, draw, drop, expect, is_accessible, nearest, opened, photographed, settle, until
from playwright.sync_api import Browser, Page


def looks(browser: Browser, url: str, width: int, scheme: str, pictures: pathlib.Path | None) -> None:
    """A digit is known and a drawing of something else is none of these, at a width, in light or dark; axe finds nothing before and after."""
    what = f"{width} pixels, {scheme}"
    with opened(browser, url, width=width, color_scheme=scheme) as page:
        page.wait_for_selector("#samples button:nth-child(20)")
        is_accessible(page, f"{what}, empty")
        picture(page, pictures, f"empty-{width}-{scheme}")
        draw(page, SEVEN)
        expect(page, "7", "known")
        assert nearest(page) == "7" and page.locator("#classes tbody tr").count() == 10
        assert page.locator("#all.known").count() == 1
        is_accessible(page, f"{what}, a seven")
        picture(page, pictures, f"seven-{width}-{scheme}")
        page.click("#clear")
        settle(page)
        assert page.locator("#classes:visible").count() == 0 and page.locator("#invitation:visible").count() == 1
        draw(page, KEY)
        expect(page, "none of these", f"nearest: {nearest(page)}")
        assert "Softmax alone would have claimed" in page.locator("#claim").inner_text()
        is_accessible(page, f"{what}, a key")
        picture(page, pictures, f"key-{width}-{scheme}")
    print(f"page, {what}: a seven is known, a key is none of these, axe found nothing")


def picture(page: Page, folder: pathlib.Path | None, name: str) -> None:
    if folder:
        page.mouse.move(0, 0)
        page.screenshot(path=folder / f"{name}.png", full_page=True)


def inputs(browser: Browser, url: str) -> None:
    """Samples, files that are dropped or chosen, rows that are pasted, and what is wrong with some."""
    row, label = digits()[0]
    with opened(browser, url) as page:
        page.click("#samples button:nth-child(3)")
        expect(page, "1", "known")
        assert page.locator("#samples button[aria-pressed=true]").count() == 1
        drop(page, photographed(row), "seven.png", "image/png")
        expect(page, str(label), "known")
        other, its = digits()[3]
        page.set_input_files("#file", {"name": "zero.png", "mimeType": "image/png", "buffer": photographed(other)})
        expect(page, str(its), "known")
        drop(page, ",".join(map(str, row)).encode(), "row.csv", "text/csv")
        page.click("#typed summary")
        page.fill("#text", "curl -d '" + json.dumps({"instances": [other, row]}) + "' localhost:8080/predict")
        page.click("#send")
        expect(page, str(its), "known")
        assert page.locator("#samples button").count() == 2
        page.click("#samples button:nth-child(2)")
        expect(page, str(label), "known")
        for text, sentence in [
            ("[1, 2, 3]", "Row 1 has 3 numbers, expected 784."),
            ("1,2,x\n", "Row 1 has 3 numbers"),
            (",".join(["x", *map(str, row[1:])]), "Row 1 has no number in column 1."),
            ('{"instances": []}', "Expected lists of numbers"),
            ("{", "JSON"),
            ("", "Expected JSON, or lines of numbers."),
        ]:
            page.fill("#text", text)
            page.click("#send")
            assert sentence in page.locator("#sentence").inner_text(), f"{text[:20]}: {page.locator('#sentence').inner_text()}"
        is_accessible(page, "a problem")
        drop(page, b"none", "broken.png", "image/png")
        until(page, "document.querySelector('#sentence').innerText.includes('broken.png')")
        page.evaluate(
            """text => {
              const clipboardData = new DataTransfer();
              clipboardData.setData("text", text);
              document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
            }""",
            json.dumps(other),
        )
        expect(page, str(its), "known")
        assert page.locator("#problem:visible").count() == 0
    print("page: samples, pictures, rows and bodies are read; what is wrong is said")


def limits(browser: Browser, url: str) -> None:
    """The slider moves the lines, and a stricter rate knows less; the dot of the map is where the embedding is."""
    with opened(browser, url) as page:
        draw(page, SEVEN)
        expect(page, "7", "known")
        lines = "[...document.querySelectorAll('.track u')].map(one => parseFloat(one.style.left))"
        before = page.evaluate(lines)
        assert len(before) == 10 and all(abs(line - 25) < 1e-3 for line in before), before
        dot = page.evaluate("document.querySelector('#dot').style.transform")
        page.focus("#rate")
        page.keyboard.press("End")
        settle(page)
        assert page.locator("#rated").inner_text().replace("\xa0", " ") == "50 %"
        after = page.evaluate(lines)
        assert len(after) == 10 and all(line < 20 for line in after), after
        assert page.evaluate("document.querySelector('#dot').style.transform") == dot
        page.click("text=house")
        expect(page, "none of these")
        assert page.evaluate("document.querySelector('#dot').style.transform") != dot
    print("page: the slider moves the limits, the map shows where the input lies")


def by_keyboard(browser: Browser, url: str) -> None:
    """A one is drawn and taken back without a pointer, and everything can be reached; nothing moves by itself."""
    with opened(browser, url, reduced_motion="reduce") as page:
        page.wait_for_selector("#samples button:nth-child(20)")
        reached = []
        for _ in range(45):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
            if reached[-1] == "pad":
                break
        assert reached[-1] == "pad", reached
        for _ in range(8):
            page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
        for _ in range(15):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        page.wait_for_selector("#verdict strong")
        expect(page, "1", "known")
        assert page.locator("#heard").inner_text().startswith("1")
        page.keyboard.press("Backspace")
        settle(page)
        assert page.locator("#verdict strong").count() == 0
        reached = []
        for _ in range(45):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        for name in ("erase", "clear", "width", "centre", "open", "rate", "smiley", "API"):
            assert name in reached, f"{name} is not among {reached}"
        moving = "[...document.querySelectorAll('*')].filter(one => !/^(0s|)$/.test(getComputedStyle(one).transitionDuration)).length"
        assert page.evaluate(moving) == 0 and page.evaluate("document.getAnimations().length") == 0
    print("page: drawn by keyboard, every control is reached, nothing moves by itself")


def models(browser: Browser, url: str) -> None:
    """Models and versions are chosen and stand in the address; those that cannot say "none of these" say what to do."""
    with opened(browser, url) as page:
        page.wait_for_selector("#samples button")
        page.select_option("#model", "example")
        until(page, "location.hash === '#model=example'")
        page.fill("#text", ",".join(str(k / 10) for k in range(100)))
        page.click("#send")
        page.wait_for_selector("#verdict strong")
        settle(page)
        assert page.locator("#verdict b").inner_text() == "no verdict"
        assert "radial calibrate example.safetensors ROWS" in page.locator("#note").inner_text()
        is_accessible(page, "no calibration")
        page.select_option("#model", "softmax")
        until(page, "document.querySelector('#note').innerText.includes('radial fit softmax.keras')")
        width = page.evaluate("width")
        page.fill("#text", json.dumps([0.5] * width))
        page.click("#send")
        page.wait_for_selector("#classes:visible")
        settle(page)
        is_accessible(page, "no distances")
        for name, answer, advice in [("one", "none of these", "radial calibrate model.onnx ROWS"), ("number", None, "no class")]:
            page.select_option("#model", name)
            until(page, f"model.name === '{name}' && document.querySelector('#note').innerText.includes('{advice}')")
            page.fill("#text", "50,50,50,50")
            page.click("#send")
            page.wait_for_selector("#verdict strong")
            settle(page)
            found = page.locator("#verdict strong").inner_text()
            assert found == answer if answer else float(found), found
            assert page.locator("#map:visible").count() == page.locator("#classes:visible").count() == 0
        page.select_option("#model", "two")
        page.wait_for_selector("#versions:visible")
        assert page.locator("#version option").all_inner_texts() == ["newest", "1", "2"]
        page.select_option("#version", "1")
        until(page, "location.hash === '#model=two&version=1'")
        until(page, "document.querySelector('#about').innerText.startsWith('version 1')")
        page.reload()
        until(page, "document.querySelector('#about').innerText.startsWith('version 1')")
        for name in ("lenet5", "lenet5-1998", "fashion"):
            page.select_option("#model", name)
            until(page, f"document.querySelector(\'#model\').value === \'{name}\' && model.name === \'{name}\'")
            page.click("#samples button:nth-child(1)")
            page.wait_for_selector("#verdict strong")
            settle(page)
            assert page.locator("#verdict b").inner_text() == "known", name
            assert page.locator("#map circle.place").count() == 10
    print("page: every model can be chosen, and says what it lacks")


def refusals(browser: Browser, url: str, key: str, process: int) -> None:
    """Behind a prefix, with a key; a proxy's own page, and the server's end, are said plainly."""
    expected = ("401", "502", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
    with opened(browser, url, expected=expected) as page:
        page.wait_for_selector("#login:visible")
        assert page.evaluate("document.activeElement.id") == "key"
        is_accessible(page, "the question for a key")
        page.keyboard.type("wrong" * 8)
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#asked').innerText.includes('refuses this key')")
        page.fill("#key", key)
        page.click("text=Use it")
        draw(page, SEVEN)
        expect(page, "7", "known")
        assert page.locator("footer a").first.get_attribute("href").endswith("openapi.json")
        links = page.evaluate("[...document.links].map(one => one.href)")
        prefix = url.rstrip("/") + "/"
        assert all(link.startswith(prefix) for link in links), links
        page.route("**/predict", lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>"))
        page.click("text=smiley")
        page.wait_for_selector("#problem:visible")
        assert "answered 502" in page.locator("#sentence").inner_text()
        page.unroute("**/predict")
        page.click("#again")
        expect(page, "none of these")
        assert page.locator("#problem:visible").count() == 0
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while page.locator("#problem:visible").count() == 0:
            assert time.monotonic() < deadline, "the server has ended, and the page says nothing"
            page.click("text=house")
            page.wait_for_timeout(200)
        assert "No server answers at" in page.locator("#sentence").inner_text()
    print("page: behind a prefix, with a key, without a server: said plainly")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("prefixed")
    parser.add_argument("process", type=int)
    parser.add_argument("key")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--screenshots", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for scheme, width in [("light", 1280), ("dark", 320), *([] if arguments.short else LONG)]:
            looks(browser, arguments.url, width, scheme, arguments.screenshots)
        inputs(browser, arguments.url)
        limits(browser, arguments.url)
        by_keyboard(browser, arguments.url)
        if not arguments.short:
            models(browser, arguments.url)
        refusals(browser, arguments.prefixed, arguments.key, arguments.process)


LONG = [("light", 320), ("light", 390), ("dark", 390), ("dark", 1280)]

if __name__ == "__main__":
    main()
