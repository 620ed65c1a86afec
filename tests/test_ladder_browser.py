"""The ladder in a real JupyterLab: every button, by mouse and by keyboard, in every theme."""

import pytest

from tests.every_card import SETUP
from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser

SESSION = f"{SETUP}\nladder = Ladder(client)\nladder"
JOURNEY = "Ladder(sandbox.journey('q1'), sandbox=sandbox)"
CARD = ".smtplab-ladder"


def test_every_control_works_by_mouse_and_by_keyboard_in_every_theme(lab_page, pictures, axe):
    page = lab_page(SESSION, JOURNEY)
    card = page.locator(CARD).first
    card.get_by_text("12 round trips", exact=True).wait_for()
    drawing = card.locator("svg.smtplab-lanes")
    assert "MAIL · RCPT · DATA" in drawing.text_content()
    assert "1 for TLS handshake" in drawing.get_attribute("aria-label")
    latency = card.get_by_label("Latency")
    latency.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    card.get_by_text("2.40 s of waiting at 200 ms each", exact=True).wait_for()
    card.get_by_role("button", name="Refresh").click()
    card.get_by_label("Recipients").fill("10")
    card.get_by_label("Recipients").press("Tab")
    page.keyboard.press("Space")  # the button beside it
    card.get_by_text("Step by step: 17 round trips").wait_for()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("details[open] td", has_text="RCPT TO:<bob@example.net>").wait_for()
    assert axe(page, CARD) == []
    card.locator("summary").click()
    page.set_viewport_size({"width": 1280, "height": 2000})
    pictures(page, CARD, "ladder")
    journey = page.locator(CARD).nth(1)
    journey.get_by_text("23 round trips", exact=True).wait_for()
    journey.get_by_role("button", name="Show earlier arrows").click()
    journey.get_by_role("button", name="Show earlier arrows").wait_for(state="detached")
    pictures(page, f"{CARD} >> nth=1", "journey")
    for width in (460, 700, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 2000})
        assert cut_off(page, CARD) == []
        pictures(page, CARD, f"ladder-{width}") if width == 460 else None
    page.reload()
    page.wait_for_selector(".jp-Notebook")
