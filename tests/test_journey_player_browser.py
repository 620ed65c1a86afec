"""The journey player in a real JupyterLab: every button, keyboard alone, themes, widths."""

import pytest

from tests.card_hands import Hands
from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser

CELL = """from smtplab import JourneyPlayer, Sandbox
sandbox = Sandbox().start()
player = JourneyPlayer(sandbox)
player"""
CARD = ".smtplab-journey"


def test_every_button_in_every_theme_and_width(lab_page, pictures, axe):
    page = lab_page(CELL)
    hands = Hands(page, CARD)
    assert axe(page, CARD) == []
    hands.press("Send a sample message", "step 1 of 7")
    for number in range(2, 8):
        hands.press("Next", f"step {number} of 7")
    pictures(page, CARD, "journey-inbox")
    hands.press("Back", "step 6 of 7")
    hands.card.locator("summary").first.click()
    assert axe(page, CARD) == []
    pictures(page, CARD, "journey-verdict")
    hands.card.get_by_label("To").select_option("grey@example.net: greylisted")
    hands.press("Send a sample message", "step 1 of 5")
    hands.press("All", "not now")
    hands.card.locator("summary").first.click()
    pictures(page, CARD, "journey-greylisted")
    for name in ("15 minutes", "4 hours", "1 day", "5 days", "Advance"):
        hands.press(name, "world clock")
    hands.card.get_by_label("To").select_option("full@example.net: its mailbox is full")
    hands.press("Send a sample message", "step 1 of 5")
    hands.press("5 days", "Something happened meanwhile")
    hands.press("All", "Given up")
    assert axe(page, CARD) == []
    pictures(page, CARD, "journey-given-up")
    for width in (460, 700, 1280):
        page.set_viewport_size({"width": width, "height": 1300})
        assert cut_off(page, CARD) == [], width
        pictures(page, CARD, f"journey-{width}")
    hands.press("Open the report's journey", "Journey of the report")
    hands.press("Back to the journey it is about", "full@example.net")
    hands.card.get_by_label("Trouble").select_option("example.net has a null MX")
    hands.expect("From now on: example.net has a null MX.")
    hands.card.get_by_label("To").select_option("bob@example.net: takes it")
    hands.press("Send a sample message", "step 1 of 6")
    hands.press("All", "a null MX")
    pictures(page, CARD, "journey-null-mx")
    hands.press("Refresh", "step 6 of 6")


def test_by_keyboard_alone_and_after_a_reload(lab_page):
    page = lab_page(CELL)
    hands = Hands(page, CARD)
    hands.card.get_by_role("button", name="Refresh").focus()
    pressed = []
    for _ in range(20):
        page.keyboard.press("Tab")
        pressed.append(page.evaluate("() => document.activeElement.textContent"))
        if pressed[-1] == "Send a sample message":
            break
    assert pressed[:3] == ["Next", "Back", "All"]
    page.keyboard.press("Enter")
    hands.expect("step 1 of 7")
    hands.card.get_by_role("button", name="Next").focus()
    for number in range(2, 8):
        page.keyboard.press("Space")
        hands.expect(f"step {number} of 7")
    page.reload()
    page.locator(".jp-Notebook").first.wait_for()
