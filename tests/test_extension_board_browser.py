"""The extension board in a real JupyterLab: switches, demonstrations, three themes, a reload."""

import os

import pytest

from tests.card_hands import Card

pytestmark = pytest.mark.browser

CELL = (
    "from smtplab import ExtensionBoard, Sandbox\n\n"
    "board = ExtensionBoard(Sandbox().start())\nboard"
)


def test_the_extension_board_in_a_browser(lab_page, pictures, axe):
    page = lab_page(CELL)
    card = Card(page, ".smtplab-extension_board")
    card.expect("gone after TLS")
    card.choose("Extension", "CHUNKING")
    card.press("Run with it on and off")
    card.expect("Switched off: EHLO has no line CHUNKING")
    card.unfold("CHUNKING")
    pictures(page, card.selector, "board")
    assert axe(page, card.selector) == []
    assert card.cut_off_at_each_width(os.environ.get("SMTPLAB_SCREENSHOTS"), "board") == {}

    card.root.get_by_label("STARTTLS", exact=True).uncheck()
    card.expect("After TLS: not reached, because STARTTLS is not offered")
    card.root.get_by_label("STARTTLS", exact=True).check()
    card.expect("nothing switched off")
    card.root.get_by_label("DSN", exact=True).focus()
    page.keyboard.press("Space")
    card.expect("1 switched off")
    card.choose("Extension", "PIPELINING")
    card.press_by_key("Run with it on and off")
    card.expect("With it 1 round trip")
    pictures(page, card.selector, "board-pipelining")
    card.press("Look again")

    card.reload()
    card.choose("Extension", "HELP")
    card.press("Run with it on and off")
    card.expect("Switched off: EHLO has no line HELP")
