"""The reference against the registries, written out by hand, and against the RFCs' sections.

The registries are those of IANA: SMTP Enhanced Status Codes (2024-12-06), SMTP Service Extensions
and their parameters (2025-05-02). tests/rfc_sections.json holds the section numbers of RFC texts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from smtplab.reference import all_terms, explain
from smtplab.reference.tables import TABLES, table

SECTIONS = json.loads(Path(__file__).with_name("rfc_sections.json").read_text(encoding="utf-8"))

# RFC 5321, 4.2.3; then 1985, 2645, 3207, 4954, 5248, 7504.
REPLY_CODES = (
    "211 214 220 221 250 251 252 354 421 450 451 452 455 500 501 502 503 504 550 551 552 553 554 "
    "555 253 458 459 453 454 235 334 432 534 535 538 530 422 430 523 524 525 533 521 556"
)

# subject -> last detail in the registry; every number up to it is there.
LAST_DETAIL = {0: 0, 1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}
ONLY_SUCCESS = {"1.5", "1.9", "3.6"}
SUCCESS = "2.0.0 2.1.0 2.1.5 2.1.9 2.3.6 2.5.0 2.6.0 2.6.4 2.6.8 2.7.0"

KEYWORDS = (
    "SEND SOML SAML EXPN HELP TURN 8BITMIME SIZE VERB ONEX CHUNKING BINARYMIME CHECKPOINT "
    "DELIVERBY PIPELINING DSN ETRN ENHANCEDSTATUSCODES STARTTLS NO-SOLICITING MTRK SUBMITTER "
    "ATRN AUTH BURL FUTURERELEASE CONPERM CONNEG UTF8SMTP MT-PRIORITY RRVS SMTPUTF8 REQUIRETLS "
    "LIMITS VRFY XCLIENT XFORWARD"
)
VERBS = (
    "HELO EHLO MAIL RCPT DATA RSET VRFY EXPN HELP NOOP QUIT SEND SOML SAML TURN "
    "STARTTLS AUTH BDAT ETRN ATRN BURL VERB ONEX XCLIENT XFORWARD"
)
PARAMETERS = (
    "SIZE= BODY= SMTPUTF8 RET= ENVID= NOTIFY= ORCPT= AUTH= REQUIRETLS BY= HOLDFOR= HOLDUNTIL= "
    "MT-PRIORITY= RRVS= TRANSID= SOLICIT= MTRK= SUBMITTER= ALT-ADDRESS= CONPERM CONNEG"
)
MECHANISMS = (
    "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 "
    "SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER EXTERNAL GSSAPI NTLM ANONYMOUS"
)


def enhanced_codes() -> list[str]:
    details = [f"{s}.{d}" for s, last in LAST_DETAIL.items() for d in range(last + 1)]
    failures = [detail for detail in details if detail not in ONLY_SUCCESS]
    return [f"{class_}.{detail}" for class_ in "45" for detail in failures] + SUCCESS.split()


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("reply_codes", REPLY_CODES),
        ("keywords", KEYWORDS),
        ("verbs", VERBS),
        ("parameters", PARAMETERS),
        ("mechanisms", MECHANISMS),
        ("ports", "25 465 587 2525"),
    ],
)
def test_every_registered_word_and_code_has_an_entry(name: str, registered: str) -> None:
    assert set(registered.split()) - set(table(name)) == set()


@pytest.mark.parametrize("code", enhanced_codes())
def test_every_registered_enhanced_status_code_is_explained_by_an_entry_of_its_own(
    code: str,
) -> None:
    assert "does not list" not in explain(code).meaning
    assert code in set(all_terms())


@pytest.mark.parametrize("name", TABLES)
def test_every_cited_section_exists_in_the_rfc(name: str) -> None:
    for term, entry in table(name).items():
        for number, section in re.findall(r"RFC (\d+), ([\w.]+)", entry.source):
            assert section in SECTIONS.get(number, [section]), (term, number, section)


# "RFC 6522, 3030": another RFC, no section. Of RFC 9989 the deeper sections are not in the list.
_CITED = re.compile(
    r"RFC (\d+), ((?:\d{1,2}|[A-Z])\b(?:\.\d+)*(?:(?:, | and )\d{1,2}(?:\.\d+)+\b)*)"
)
_UNLISTED = {("9989", "5.3.1"), ("9989", "5.3.5"), ("9989", "5.3.6")}


@pytest.mark.parametrize("folder", ["smtplab", "tests"])
def test_every_section_that_the_code_cites_exists(folder: str) -> None:
    """Sections of DELIVERBY, FUTURERELEASE, MT-PRIORITY and ETRN were cited from memory once."""
    strangers = []
    for path in sorted((Path(__file__).parents[1] / folder).rglob("*.py")):
        for number, sections in _CITED.findall(path.read_text("utf-8")):
            known = SECTIONS.get(number)
            for section in re.findall(r"[\dA-Z]+(?:\.\d+)*", sections) if known else ():
                if section not in known and (number, section) not in _UNLISTED:
                    strangers.append((path.name, number, section))
    assert not strangers


def test_a_parameter_is_told_from_the_keyword_and_the_verb_of_the_same_name() -> None:
    assert explain("SIZE=1000").kind == "parameter"
    assert explain("size").kind == "EHLO keyword"
    assert explain("BODY").term == "BODY="
    assert explain("AUTH=<>").kind == "parameter"
    assert explain("AUTH=PLAIN").kind == "verb and EHLO keyword"  # how old servers list it
    assert explain("SMTPUTF8").kind == "EHLO keyword and parameter"
