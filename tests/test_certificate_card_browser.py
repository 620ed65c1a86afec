"""The certificate card in a real JupyterLab: every button, in every theme and width."""

import pytest

from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser

CARD = ".smtplab-certificate"
CELL = """from smtplab import CertificateCard, Sandbox
CertificateCard("smtp.example.org", Sandbox().start())"""
SAID = {
    "expired": "has expired",
    "wrong name": "names another host",
    "self-signed": "is signed by itself",
    "unknown CA": "authority that is not trusted here",
    "old protocol": "in the middle of the TLS handshake",
    "not checked": "went on inside TLS",
    "good": "went on inside TLS",
}


def test_every_button_works_in_every_theme(lab_page, pictures, axe):
    page = lab_page(CELL)
    page.set_viewport_size({"width": 1280, "height": 1400})
    card = page.locator(CARD).first
    card.get_by_text("TLS 1.3, certificate checked", exact=True).wait_for()
    for name, said in SAID.items():
        card.get_by_role("button", name=name[:1].upper() + name[1:], exact=True).focus()
        page.keyboard.press("Space")
        card.locator(".smtplab-outcome", has_text=f"{name}: ").wait_for()
        card.locator("dd", has_text=said).wait_for()
        if name in ("expired", "not checked", "old protocol"):
            pictures(page, CARD, name.replace(" ", "-"))
        if name == "expired":
            assert axe(page, CARD) == []
    assert axe(page, CARD) == []
    for width in (460, 700, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 1400})
        pictures(page, CARD, f"certificate-{width}") if width == 460 else None
        assert cut_off(page, CARD) == []
    page.reload()
    page.wait_for_selector(".jp-Notebook")
