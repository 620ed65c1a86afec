"""The ledger of the course: every citation is a claim, its section exists, and a cell shows it."""

import pytest

from smtplab.lessons.catalogue import LESSONS
from tests.claims import FOLDER, Claim, cited, claims_of, notebook_of, rfc_sections, shown_by

SECTIONS = rfc_sections()
NOTEBOOKS = (*LESSONS, "errors")
CLAIMS = [(lesson, claim) for lesson in NOTEBOOKS for claim in claims_of(lesson)]
IDS = [f"{lesson} {claim.says[:40]}" for lesson, claim in CLAIMS]


@pytest.mark.parametrize("lesson", NOTEBOOKS)
def test_every_citation_is_a_claim_and_every_claim_is_cited(lesson: str) -> None:
    assert set(cited(notebook_of(lesson))) == {claim.rfc for claim in claims_of(lesson)}


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=IDS)
def test_the_section_exists(lesson: str, claim: Claim) -> None:
    number, _, section = claim.rfc.partition(", ")
    assert not section or section in SECTIONS.get(number, {}), claim


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=IDS)
def test_a_claim_is_shown_by_a_cell_or_says_why_not(lesson: str, claim: Claim) -> None:
    assert bool(claim.cell and claim.shows) != bool(claim.not_shown), claim
    if claim.cell:
        outputs = shown_by(notebook_of(lesson), claim.cell)
        assert outputs, f"no cell has the line {claim.cell!r}"
        assert any(claim.shows in output for output in outputs), outputs


def test_most_claims_are_shown_live() -> None:
    shown = [claim for _, claim in CLAIMS if claim.cell]
    assert len(shown) >= len(CLAIMS) / 2


def test_a_ledger_belongs_to_a_lesson() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(NOTEBOOKS)
