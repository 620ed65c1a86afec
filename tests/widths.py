"""One card at the widths at which it must work."""

import os
from pathlib import Path

from tests.lab_pages import cut_off

WIDTHS = (460, 700, 1280)  # pixels


def at_every_width(page, card, name):
    """Nothing may be cut off; `SMTPLAB_SCREENSHOTS=FOLDER` keeps a picture of each width."""
    folder = os.environ.get("SMTPLAB_SCREENSHOTS")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1200})
        if folder:
            page.locator(card).first.screenshot(path=Path(folder) / f"{name}-{width}.png")
        cut = cut_off(page, card)
        assert cut == [], f"{name} at {width}: {cut}"
