"""The course in a browser tab: how heavy the site is, and how long until a server replies.

Chromium opens the built site twice with one profile; the second visit finds its cache.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from tests.benchmarks.measure import report, timed
from tests.browser import FLAGS
from tests.lite_page import first_reply
from tests.lite_site import build, packed_size
from tests.static_site import served


def browser_tab() -> None:
    """Size, first visit, second visit; nothing where Chromium or Node.js is missing."""
    chromium = shutil.which("chromium")
    if chromium is None or shutil.which("node") is None:
        print("the site in a browser tab: Chromium or Node.js is missing, not measured")
        return
    with tempfile.TemporaryDirectory(prefix="smtplab-site-") as folder:
        site, profile = Path(folder) / "site", Path(folder) / "profile"
        build(site)
        megabytes = packed_size(site) / 1e6
        report("the site, packed", f"{megabytes:.1f} MB", "under 15 MB", megabytes < 15)
        with served(site) as url, sync_playwright() as driver:
            for visit, limit in (("first", 20), ("second", 10)):
                seconds = _seconds_to_a_reply(driver, chromium, profile, url)
                what = f"{visit} visit: from the page to a server's reply"
                report(what, f"{seconds:.1f} s", f"under {limit} s", seconds < limit)


def _seconds_to_a_reply(driver: Playwright, chromium: str, profile: Path, url: str) -> float:
    browser = driver.chromium.launch_persistent_context(
        str(profile), executable_path=chromium, args=FLAGS
    )
    page = browser.new_page()
    seconds = timed(lambda: first_reply(page, url))
    browser.close()
    return seconds
