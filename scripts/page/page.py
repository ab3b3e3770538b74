"""Tries the page of a server whose default model reads MNIST's digits: page.py URL"""

import sys

from playwright.sync_api import Page, sync_playwright

# A seven, as one draws it on the pad of 280 pixels.
STROKES = [(70, 70), (200, 70), (130, 230)]


def draw(page: Page) -> None:
    box = page.locator("#pad").bounding_box()
    assert box is not None, "there is no pad"
    page.mouse.move(box["x"] + STROKES[0][0], box["y"] + STROKES[0][1])
    page.mouse.down()
    for x, y in STROKES[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=20)
    page.mouse.up()


def check(page: Page, url: str, what: str) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(url) else problems.append(request.url))
    page.goto(url)
    page.wait_for_selector("#pad:visible")
    draw(page)
    page.wait_for_function("document.querySelectorAll('#classes tr').length === 10")
    verdict = page.locator("#verdict").inner_text()
    assert "7" in verdict, f"{what}: drew a 7, found '{verdict}'"
    nearest = page.locator("#classes tr.nearest")
    assert nearest.count() == 1, f"{what}: {nearest.count()} classes are the nearest"
    width = page.evaluate("document.documentElement.scrollWidth")
    seen = page.evaluate("document.documentElement.clientWidth")
    assert width <= seen, f"{what}: {width} pixels wide in a window of {seen}"
    page.click("#clear")
    page.wait_for_function("document.querySelectorAll('#classes tr').length === 0")
    assert not problems, f"{what}: {problems}"
    print(f"{what}: drew a 7, read '{verdict}'")


def main() -> None:
    url = sys.argv[1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in (320, 390, 1280):
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                check(page, url, f"{width} pixels, {scheme}")
                page.close()
        browser.close()


main()
