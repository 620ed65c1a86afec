"""The three doors in a real JupyterLab: every button, three themes, three widths, a reload."""

import os

import pytest

from tests.card_hands import Card

pytestmark = pytest.mark.browser

CELL = "from smtplab import Ports, Sandbox\n\nports = Ports(Sandbox().start())\nports"


def test_the_three_doors_in_a_browser(lab_page, pictures, axe):
    page = lab_page(CELL)
    card = Card(page, ".smtplab-ports")
    card.expect("Submission with implicit TLS")
    card.press("Try the message at all three")
    card.expect("2 of 3 tried messages arrived at bob@example.net")
    pictures(page, card.selector, "ports")
    card.unfold("The conversation")
    assert axe(page, card.selector) == []
    assert card.cut_off_at_each_width(os.environ.get("SMTPLAB_SCREENSHOTS"), "ports") == {}

    card.choose("Begin", "with TLS from the first octet")
    card.press("Only at 25")
    card.press("Only at 587")
    card.expect("1 of 3 tried messages arrived")
    card.choose("Begin", "in plaintext, without TLS")
    card.press("Only at 465")
    card.expect("Both waited")
    pictures(page, card.selector, "ports-errors")
    card.choose("Port 25 of", "mx.example.net, Bob's provider")
    card.expect("RCPT bob@example.net, a mailbox here")
    card.choose("Begin", "as the door is meant")
    page.keyboard.press("Tab")
    card.press_by_key("Only at 25")
    card.expect("1 of 3 tried messages arrived")
    card.press_by_key("Look again")

    card.reload()
    card.press("Try the message at all three")
    card.expect("3 of 3 tried messages arrived")
