"""Each widget where no style, no drawing and no ARIA is left: the meaning is still there."""

from collections import Counter

import pytest

from smtplab.widgets.plain import plain
from tests.every_card import CASES
from tests.static_forms import Look, as_github_shows, stored

TABLE = ("table", "caption", "thead", "tbody", "tr", "th", "td")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("work"))


def test_what_runs_together_or_is_empty_is_seen():
    look = Look("<p><span>a</span><span>b</span></p><p><b> </b></p><tr><td></td></tr>")
    assert look.run_together == ["a|b"]
    assert [one.partition(">")[0] for one in look.empty] == ["<b", "<p", "<tr"]
    assert Look("<p>p=A<wbr>B</p><p><b>a</b>: <i>b</i></p><td>a</td><td>b</td>").run_together == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_github_a_card_keeps_its_words_and_tables(bundles, case):
    html = bundles[case.name]["text/html"]
    left = as_github_shows(html)
    before, after = Look(html), Look(left)
    assert after.words == before.words
    assert [Counter(after.tags)[tag] for tag in TABLE] == [
        Counter(before.tags)[tag] for tag in TABLE
    ]
    assert after.run_together == [] and after.empty == []
    assert not set(before.tags) & {"svg", "style", "script", "iframe", "img"}
    words = _flat(plain(left))
    assert all(_flat(fact) in words for fact in case.tells), words


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_card_as_plain_text_has_words_and_no_tags(bundles, case):
    text = bundles[case.name]["text/plain"]
    assert "<b>" not in text and "<td" not in text and "smtplab." not in text
    assert len(text.split()) >= 5


def _flat(text: str) -> str:
    """Words only: what stands between them differs between a page and plain text."""
    return " ".join(text.replace("|", " ").replace(" : ", " ").split())
