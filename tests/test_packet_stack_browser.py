"""The packet stack in a real JupyterLab: choose, mark, save, by mouse and by keyboard."""

from pathlib import Path

import pytest

from tests.lab_pages import cut_off, one_further
from tests.pcapng import packets
from tests.test_ladder_browser import SESSION

pytestmark = pytest.mark.browser

CARD = ".smtplab-packet-stack"
CELL = SESSION.rsplit("ladder = ", 1)[0] + "from smtplab import PacketStack\nPacketStack(client)"


def test_every_control_works_by_mouse_and_by_keyboard_in_every_theme(lab_page, pictures, axe):
    page = lab_page(CELL)
    page.set_viewport_size({"width": 1280, "height": 1800})
    card = page.locator(CARD).first
    card.get_by_text("readable on the way", exact=True).wait_for()
    card.get_by_label("Field", exact=True).select_option(label="T  Destination port: 587")
    card.locator("mark", has_text="02 4b").wait_for()
    assert "octets 36 to 37 of the frame" in card.get_by_role("status").inner_text()
    assert axe(page, CARD) == []
    pictures(page, CARD, "packet")
    card.get_by_role("button", name="Next packet").focus()
    page.keyboard.press("Space")
    card.get_by_text("packet 6", exact=True).wait_for()
    card.get_by_role("button", name="Next field").click()
    card.locator("mark", has_text="00 00 5e 00 53 01").wait_for()
    one_further(page, card.get_by_label("Field", exact=True))
    card.get_by_role("status").get_by_text("Source MAC address").wait_for()
    card.get_by_label("Packet", exact=True).select_option(index=11)
    card.get_by_text("inside TLS: unreadable on the way", exact=True).wait_for()
    card.get_by_text("TLS record layer").first.wait_for()
    pictures(page, CARD, "packet-tls")
    with page.expect_download() as saved:
        card.get_by_role("link", name="Save c1.pcapng").click()
    assert saved.value.suggested_filename == "c1.pcapng"
    assert packets(Path(saved.value.path()).read_bytes())[4].data.startswith(b"EHLO")
    card.get_by_role("button", name="Refresh").click()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("details[open]").wait_for()
    for width in (460, 700, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 1800})
        pictures(page, CARD, f"packet-{width}") if width < 1000 else None
        assert cut_off(page, CARD) == []
    page.reload()
    page.wait_for_selector(".jp-Notebook")
