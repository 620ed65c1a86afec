"""The eavesdropper in a real JupyterLab: the attacker, octets, three themes, a reload."""

import os

import pytest

from tests.card_hands import Card

pytestmark = pytest.mark.browser

CELL = "from smtplab import Eavesdropper, Sandbox\n\neve = Eavesdropper(Sandbox().start())\neve"


def test_the_eavesdropper_in_a_browser(lab_page, pictures, axe):
    page = lab_page(CELL)
    card = Card(page, ".smtplab-eavesdropper")
    card.expect("Nothing has passed yet")
    card.press("A strict client sends")
    card.expect("TLS handshake: ClientHello")
    card.expect("strict, no attacker")
    pictures(page, card.selector, "eve-tls")
    card.choose("Show", "octets in hex and ASCII")
    card.expect("application data, 42 octets follow")
    pictures(page, card.selector, "eve-octets")

    card.choose("Show", "readable lines")
    card.press("All four")
    card.expect("its password was read")
    card.choose("Connection", "c4: laptop.example.org to smtp.example.org : 587")
    card.expect("stopped at AUTH: 530")
    card.expect("user alice@example.org, password looking-glass")
    pictures(page, card.selector, "eve-attack")
    assert axe(page, card.selector) == []
    assert card.cut_off_at_each_width(os.environ.get("SMTPLAB_SCREENSHOTS"), "eve") == {}

    card.choose("At", "mx.example.net : 25, as servers do")
    card.root.get_by_label("An attacker strips STARTTLS", exact=True).focus()
    page.keyboard.press("Space")
    card.press_by_key("A careless client sends")
    card.expect("Eve read the message")
    card.press("Refresh")

    card.reload()
    card.press("A strict client sends")
    card.expect("The strict client asked for TLS all the same")
