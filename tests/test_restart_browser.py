"""A card whose kernel was restarted says so in words, and lives again when its cell is run."""

import pytest

from tests.browser import READY, RUN_ALL, THEMES, use_theme
from tests.lab_pages import cut_off, logged

pytestmark = pytest.mark.browser
CARD = ".smtplab-console"
CELL = "from smtplab import Console, Sandbox\nConsole(Sandbox().start())"
SAID = "selector => getComputedStyle(document.querySelector(selector), '::before').content"
ICONS = """selector => [...document.querySelectorAll(`${selector} .jupyter-widgets-disconnected`)]
  .filter(one => getComputedStyle(one, '::before').content !== 'none').length"""
RESTART = "() => { window.jupyterapp.commands.execute('notebook:restart-kernel'); }"


def test_after_a_restart_a_card_says_what_to_do_and_lives_again(lab_page, kept_in, axe):
    page = lab_page(CELL)
    card = page.locator(CARD).first
    card.get_by_role("button", name="EHLO", exact=True).click()
    card.get_by_text("250-smtp.example.org greets").first.wait_for()

    page.evaluate(RESTART)
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(f"{CARD}.jupyter-widgets-disconnected").wait_for()
    page.evaluate(READY)
    assert "lost its kernel" in page.evaluate(SAID, CARD)
    assert "Run its cell again" in page.evaluate(SAID, CARD)
    assert page.evaluate(ICONS, CARD) == 0
    assert "250-smtp.example.org greets" in card.inner_text()
    for theme in THEMES:
        use_theme(page, theme)
        card.screenshot(path=kept_in / f"restart-{theme}.png")
    assert axe(page, CARD) == []
    for width in (460, 1280):
        page.set_viewport_size({"width": width, "height": 1200})
        assert cut_off(page, CARD) == []
    assert card.locator("button:visible, input:visible, textarea:visible").count() == 0

    page.evaluate(RUN_ALL)
    page.locator(f"{CARD}.jupyter-widgets-disconnected").wait_for(state="detached")
    card.get_by_role("button", name="EHLO", exact=True).click()
    card.get_by_text("250-smtp.example.org greets").first.wait_for()
    assert logged(page) == ""
