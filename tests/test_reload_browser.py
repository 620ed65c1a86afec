"""All widgets on one page: no word breaks when they are used, and they live on after a reload."""

import pytest

from tests.card_hands import Card, press_each
from tests.every_card import CASES, SETUP
from tests.lab_pages import broken_words, cut_off
from tests.uses import USES, used, widen

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


def test_no_word_breaks_in_a_card_that_was_used_to_its_end(lab_page):
    """At the width of a laptop beside an open side bar, and at narrower ones."""
    assert [use.name for use in USES] == [case.name for case in CASES], "each widget, once"
    page = lab_page(*(use.cell for use in USES))
    cards = used(page)
    for wide in (690, 560, 460):
        widen(page, USES[0].selector, wide)
        words = {name: broken_words(page, card.selector) for name, card in cards.items()}
        assert {name: broken for name, broken in words.items() if broken} == {}, wide
