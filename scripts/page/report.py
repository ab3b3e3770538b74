"""Tries a report of radial evaluate: report.py FILE

It is opened without scripts allowed, as a phone and as a desktop have it, in light and in dark: nothing is loaded from elsewhere, nothing
scrolls sideways, the console is silent. axe then looks for what keeps anybody from reading it.
"""

import pathlib
import sys

from browser import chromium, fits, is_accessible
from playwright.sync_api import Browser


def check(browser: Browser, url: str, width: int, scheme: str) -> None:
    what = f"{width} pixels, {scheme}"
    plain = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False)
    page = plain.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(("data:", url)) else problems.append(request.url))
    page.goto(url)
    assert page.locator("h1").inner_text(), f"{what}: no heading"
    assert page.locator("svg[role=img]").count() >= 4, f"{what}: {page.locator('svg').count()} pictures"
    if len(sys.argv) > 2:
        page.screenshot(path=f"{sys.argv[2]}/report-{width}-{scheme}.png", full_page=True)
    plain.close()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    fits(page)
    is_accessible(page, what)
    assert not problems, f"{what}: {problems}"
    context.close()
    print(f"report, {what}: axe found nothing")


def main() -> None:
    url = pathlib.Path(sys.argv[1]).resolve().as_uri()
    with chromium() as browser:
        for scheme in ("light", "dark"):
            for width in (320, 390, 1280):
                check(browser, url, width, scheme)


main()
