"""Where RFC 7489 decided differently, a DMARC verdict shows both."""

import pytest

from smtplab.sandbox.verdict.dmarc import Earlier
from tests.test_verdict_dmarc import NO_SPF, ORG, UNSIGNED, Zone, dkim, spf, told, verdict


def test_where_both_agree_only_one_verdict_is_shown() -> None:
    found = verdict("news.example.org", ORG, spf("example.org"))
    assert (found.rfc7489, found.differences) == (None, ())


DIFFERENT = [
    ("example.org", {"example.org": "v=DMARC1; p=reject; pct=30"}, "",
     "By RFC 7489 pct=30 asks for reject for 30 of 100 failures and for quarantine for the others; "
     "RFC 9989 has no pct=."),
    ("example.org", {"example.org": "v=DMARC1; p=reject; t=y"}, "",
     "By RFC 7489 a failure asks for reject, not quarantine."),
    ("mail.example.org", {"mail.example.org": "v=DMARC1; p=reject"}, "example.org",
     "By RFC 7489 the result would be pass, not fail."),
    ("x.a.example.org", {"a.example.org": "v=DMARC1; p=reject"}, "",
     "By RFC 7489 the result would be none, not fail."),
    ("shop.co.example", {"co.example": "v=DMARC1; p=reject; psd=y"}, "",
     "By RFC 7489 the result would be none, not fail."),
    ("mega.co.example", {"co.example": "v=DMARC1; p=reject"}, "giant.co.example",
     "By RFC 7489 the result would be none, not pass."),
    ("a.example.org", {"a.example.org": ["v=DMARC1; p=none"] * 2, **ORG}, "",
     "By RFC 7489 the result would be none, not fail."),
    ("ghost.example.org", {"example.org": "v=DMARC1; p=none; np=reject"}, "",
     "By RFC 7489 a failure asks for none, not reject."),
    ("x.a.example.org", {**ORG, "a.example.org": "v=DMARC1; p=none; psd=n"}, "",
     "By RFC 7489 the record at example.org would count."),
]  # fmt: skip


@pytest.mark.parametrize(("author", "records", "by_dkim", "sentence"), DIFFERENT)
def test_where_rfc_7489_differs_both_are_shown(
    author: str, records: dict[str, str], by_dkim: str, sentence: str
) -> None:
    signed = dkim(by_dkim) if by_dkim else UNSIGNED
    zone = Zone(records, *([] if author.startswith("ghost") else [author]))
    found = verdict(author, zone, NO_SPF, signed, frozenset({"co.example"}))
    assert found.rfc7489 is not None
    assert sentence in found.differences
    assert f"{sentence} (RFC 9989, C)" in told(found)


def test_the_earlier_rules_are_shown_as_a_whole() -> None:
    records = {"mail.example.org": "v=DMARC1; p=reject; pct=40"}
    found = verdict("mail.example.org", records, spf("mail.example.org"))
    assert found.rfc7489 == Earlier("pass", "mail.example.org", "example.org", "reject", 40)
    assert found.differences == (
        "By RFC 7489 a list of public suffixes makes example.org the Organizational Domain; the "
        "tree walk finds mail.example.org.",
    )


def test_the_earlier_rules_read_sp_below_the_organization_only() -> None:
    records = {"example.org": "v=DMARC1; p=none; sp=reject; t=y"}
    below = verdict("a.example.org", records).rfc7489
    assert below is not None
    assert below.policy == "reject"
    assert verdict("example.org", records).rfc7489 is None
