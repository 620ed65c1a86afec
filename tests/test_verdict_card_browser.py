"""The verdict card in a real JupyterLab: every button and field, themes, widths, keyboard."""

import os
from pathlib import Path

import pytest

from tests.card_hands import Hands
from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser

CELL = """from smtplab import Sandbox, VerdictCard
sandbox = Sandbox().start()
card = VerdictCard(sandbox)
card"""
CARD = ".smtplab-verdict"


def test_every_button_and_field_in_every_theme_and_width(lab_page, pictures, axe, tmp_path):
    shots = Path(os.environ.get("SMTPLAB_SCREENSHOTS") or tmp_path)
    page = lab_page(CELL)
    hands = Hands(page, CARD)
    hands.press("Send", "Taken by mx.example.net into Inbox")
    hands.card.get_by_label("Tamper").select_option("body")
    hands.press("Send", "One octet was changed after signing")
    hands.card.locator("summary", has_text="DKIM: fail").click()
    hands.card.get_by_label("Tamper").select_option("nowhere")
    hands.card.get_by_label("Sent by").select_option("shop")
    hands.expect("news.shop.example")
    hands.card.get_by_label("DMARC", exact=True).fill("v=DMARC1; p=reject; aspf=s; pct=50")
    hands.press("Publish the records", "Published: _dmarc.shop.example")
    hands.press("Send", "another name (strict, aspf=s)")
    hands.press("Put it back", "As before: shop.example")
    hands.card.get_by_label("Sent by").select_option("spammer")
    hands.expect("_dmarc.bank.example")
    hands.press("Send", "550 5.7.1 Refused by the DMARC policy of bank.example")
    assert axe(page, CARD) == []
    pictures(page, CARD, "verdict-spammer")
    hands.card.get_by_label("To", exact=True).select_option("grey@example.net")
    hands.card.get_by_label("Sent by").select_option("own provider")
    hands.expect("_dmarc.example.org")
    hands.press("Send", "451 4.7.1 Greylisted")
    hands.press("Wait 15 minutes", "Send again")
    hands.press("Send", "Taken by mx.example.net into Inbox")
    hands.press("Newest", "Taken by mx.example.net into Inbox")
    hands.card.get_by_label("To", exact=True).select_option("bob@example.net")
    hands.card.get_by_label("Sent by").select_option("spammer")
    hands.expect("_dmarc.bank.example")
    hands.card.get_by_label("From").fill("Mallory <m@club.co.example>")
    hands.card.get_by_label("From").press("Tab")
    hands.expect("_dmarc.club.co.example")
    hands.press("Send", "Where the two RFCs differ")
    for width in (460, 700, 1280):
        page.set_viewport_size({"width": width, "height": 1600})
        assert cut_off(page, CARD) == [], width
        hands.card.screenshot(path=shots / f"verdict-{width}.png")
    pictures(page, CARD, "verdict-7489")


def test_by_keyboard_alone_and_after_a_reload(lab_page):
    page = lab_page(CELL)
    hands = Hands(page, CARD)
    hands.card.get_by_role("button", name="Newest").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent") == "Send":
            break
    page.keyboard.press("Enter")
    hands.expect("Taken by mx.example.net into Inbox")
    summary = hands.card.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    hands.expect("RFC 7208, 2.3, 2.4")
    page.reload()
    page.locator(".jp-Notebook").first.wait_for()
