"""Every widget after the page was loaded again: it is alive, and no error was logged."""

import pytest

from tests.card_hands import Card, press_each
from tests.every_card import CASES, SETUP
from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser


def test_every_card_lives_on_after_the_page_is_loaded_again(lab_page):
    page = lab_page(SETUP, *(case.cell for case in CASES))
    for case in CASES:
        page.locator(case.selector).wait_for(state="attached")
    page.set_viewport_size({"width": 460, "height": 1200})
    cut = {case.name: cut_off(page, case.selector) for case in CASES}
    assert not any(cut.values()), cut
    Card(page, CASES[0].selector).reload()
    press_each(page)
