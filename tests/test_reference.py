"""The reference: every entry complete, every kind of term explained (RFC 5321, 4.2)."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, astuple, replace
from html.parser import HTMLParser

import pytest

from smtplab.errors import LocalProtocolError
from smtplab.reference import Explanation, all_terms, explain, explain_reply, lookup, tables
from smtplab.reference import explanation as explanation_module
from smtplab.reference.tables import TABLES, table

WITH_FORM = ("verbs", "keywords", "parameters", "mechanisms")
SOURCE = re.compile(r"RFC \d{3,4}, (?:\d+(?:\.\d+)*|[A-F](?:\.\d+)?)")

# RFC 5321, 4.2.3, and what RFC 3207, 4954, 7504 and 7505 add.
REPLY_CODES = (
    "211 214 220 221 250 251 252 354 421 450 451 452 455 500 501 502 503 504 550 551 552 553 554 "
    "555 235 334 432 454 530 534 535 538 521 556"
).split()

# RFC 3463, section 3: subject -> last detail; then RFC 4954, 5248, 6531, 7372, 7505, 8617, 8689.
RFC_3463 = {0: 0, 1: 8, 2: 4, 3: 5, 4: 7, 5: 5, 6: 5, 7: 7}
ENHANCED = [
    f"5.{s}.{d}" for s, last in RFC_3463.items() for d in range(last + 1) if (s, d) != (1, 5)
]
ENHANCED += ["2.1.5", "5.1.10", "5.5.6", "5.6.7", "5.6.8", "5.6.9", "5.7.29", "5.7.30"]
ENHANCED += [f"5.7.{d}" for d in (*range(8, 15), *range(20, 28))]

VERBS = "HELO EHLO AUTH STARTTLS MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT ETRN TURN"
KEYWORDS = (
    "SIZE 8BITMIME SMTPUTF8 PIPELINING CHUNKING BINARYMIME STARTTLS AUTH ENHANCEDSTATUSCODES DSN "
    "LIMITS REQUIRETLS DELIVERBY FUTURERELEASE MT-PRIORITY VRFY EXPN HELP ETRN ATRN CHECKPOINT "
    "NO-SOLICITING BURL CONPERM CONNEG"
)


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert attrs == []

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_is_complete(name: str) -> None:
    for term, entry in table(name).items():
        for text in (entry.meaning, entry.cause, entry.remedy):
            assert re.fullmatch(r"\S.*[^ ]\.", text), (term, text)
            assert "  " not in text, (term, text)
        assert re.fullmatch(r"\S.*[^ .]", entry.title), term
        assert bool(entry.form) == (name in WITH_FORM), term
        assert bool(entry.replies) == (name == "verbs"), term
        assert bool(entry.severity) == bool(re.fullmatch(r"\dyz|\d\.x\.x", term)), term


@pytest.mark.parametrize("name", TABLES)
def test_every_source_names_an_rfc_and_a_section(name: str) -> None:
    for term, entry in table(name).items():
        sources = entry.source.split("; ")
        if sources[0].startswith("No RFC "):  # then the entry says so, and names the nearest one
            assert sources.pop(0) in ("No RFC assigns it", "No RFC defines it")
            sources[0] = sources[0].removeprefix("compare ")
        assert all(map(SOURCE.fullmatch, sources)), (term, sources)


@pytest.mark.parametrize("name", TABLES)
def test_the_texts_keep_to_the_words_of_the_house(name: str) -> None:
    banned = "simply just obviously easily clearly response responses answer answers escaping"
    for term, entry in table(name).items():
        words = set(re.findall(r"[a-z]+", str(astuple(replace(entry, form=""))).lower()))
        assert words & set(banned.split()) == set(), term


@pytest.mark.parametrize("name", TABLES)
def test_sentences_are_short_enough_to_read(name: str) -> None:
    for entry in table(name).values():
        for text in (entry.meaning, entry.cause, entry.remedy):
            for sentence in re.split(r"(?<=[.:;?]) ", text):
                assert len(sentence.split()) <= 29, sentence


@pytest.mark.parametrize("name", TABLES)
def test_example_addresses_are_reserved_ones(name: str) -> None:
    for term, entry in table(name).items():
        for domain in re.findall(r"@([\w.-]+\w)", str(astuple(entry))):
            assert re.fullmatch(r"(.+\.)?example(\.(org|net|com))?", domain), (term, domain)


def test_the_reply_codes_of_the_rfcs_are_listed() -> None:
    assert set(REPLY_CODES) <= set(table("reply_codes"))


def test_the_enhanced_status_codes_of_the_rfcs_are_listed() -> None:
    assert set(ENHANCED) <= set(all_terms())
    assert [code for code in ENHANCED if "does not list" in explain(code).meaning] == []


def test_the_verbs_and_keywords_of_the_rfcs_are_listed() -> None:
    assert set(VERBS.split()) <= set(table("verbs"))
    assert set(KEYWORDS.split()) <= set(table("keywords"))


def test_a_reply_to_a_known_step_is_explained_by_what_that_step_was() -> None:
    for key, entry in table("step_replies").items():
        step, code = key.split()
        assert explain_reply(int(code), None, step).title == entry.title, key
        assert explain_reply(int(code), None, step).term == code


@pytest.mark.parametrize("step", ["greeting", "EHLO", "HELO", "MAIL"])
@pytest.mark.parametrize("code", [450, 550])
def test_a_refusal_before_any_recipient_is_not_explained_as_one_of_a_mailbox(
    step: str, code: int
) -> None:
    """RFC 5321, 4.3.2: 450 and 550 speak of a mailbox only where one was named."""
    found = explain_reply(code, None, step)
    assert "mailbox" not in found.title.lower() and found != explain_reply(code)
    assert ("4, says: not now" in found.meaning) == (code == 450)
    assert explain_reply(code, f"{code // 100}.0.0", step).title == found.title
    assert explain_reply(code, None, "RCPT").title == explain_reply(code).title
    sharper = f"{code // 100}.7.1"
    assert explain_reply(code, sharper, step) == explain_reply(code, sharper)


def test_a_reply_to_an_unusual_step_is_explained_by_its_codes() -> None:
    assert explain_reply(250, "2.0.0", "XFROB") == explain_reply(250, "2.0.0")


@pytest.mark.parametrize("name", [name for name in TABLES if name != "step_replies"])
def test_every_key_of_every_table_can_be_explained_and_keeps_its_name(name: str) -> None:
    for term in table(name):
        found = explain(term)
        assert found.term == term
        assert all(astuple(found)[:7]), term
        assert max(map(len, str(found).splitlines())) <= 78, term


def test_every_term_of_all_terms_can_be_explained() -> None:
    assert all(explain(term).term == term for term in all_terms())


def test_all_terms_names_each_term_once() -> None:
    terms = list(all_terms())
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize(
    ("term", "name", "kind"),
    [
        (550, "550", "reply code"),
        ("550", "550", "reply code"),
        (" 550 No\r\n", "550", "reply code"),
        ("250-SIZE 1000", "250", "reply code"),
        ("5.7.1", "5.7.1", "enhanced status code"),
        ("5.7.1 Not for you", "5.7.1", "enhanced status code"),
        ("550 5.7.1", "550 5.7.1", "reply code and enhanced status code"),
        ("550 5.7.1 Not for you", "550 5.7.1", "reply code and enhanced status code"),
        ("550-5.7.1 Relaying", "550 5.7.1", "reply code and enhanced status code"),
        ("550 5.7.1.2 is no enhanced status code", "550", "reply code"),
        ("X.7.1", "X.7.1", "enhanced status code"),
        ("5yz", "5yz", "reply code"),
        ("MAIL", "MAIL", "verb"),
        ("mail from", "MAIL", "verb"),
        ("MAIL FROM:<alice@example.org>", "MAIL", "verb"),
        ("RCPT TO", "RCPT", "verb"),
        ("DATA", "DATA", "verb"),
        ("SIZE", "SIZE", "EHLO keyword"),
        ("size 10240000", "SIZE", "EHLO keyword"),
        ("8BITMIME", "8BITMIME", "EHLO keyword"),
        ("MT-PRIORITY", "MT-PRIORITY", "EHLO keyword"),
        ("AUTH=PLAIN", "AUTH", "verb and EHLO keyword"),
        ("25", "25", "port"),
        (587, "587", "port"),
        ("port 465", "465", "port"),
        ("2525", "2525", "port"),
        ("110", "110", "port"),
        ("143", "143", "port"),
        ("993", "993", "port"),
        (995, "995", "port"),
        ("envelope", "envelope", "word"),
        ("Octets", "octet", "word"),
        ("mail  user agent", "mail user agent (MUA)", "word"),
        ("MUA", "mail user agent (MUA)", "word"),
        ("mx", "MX record", "word"),
        ("port", "port", "word"),
        ("STARTTLS", "STARTTLS", "verb and EHLO keyword"),  # what says more comes first
    ],
)
def test_each_kind_of_term_is_recognised(term: str | int, name: str, kind: str) -> None:
    found = explain(term)
    assert (found.term, found.kind) == (name, kind)


@pytest.mark.parametrize("word", ["STARTTLS", "AUTH", "VRFY", "EXPN", "HELP", "ETRN", "BURL"])
def test_a_word_that_is_verb_and_keyword_is_explained_as_both(word: str) -> None:
    found = explain(word)
    verb, keyword = table("verbs")[word], table("keywords")[word]
    assert verb.meaning in found.meaning
    assert keyword.meaning in found.meaning
    assert verb.form in found.form
    assert keyword.form in found.form
    for source in (verb.source, keyword.source):
        assert set(source.split("; ")) <= set(found.source.split("; "))


def test_the_enhanced_code_decides_the_meaning_and_the_reply_code_how_final_it_is() -> None:
    permanent, transient = explain("550 5.2.1"), explain("450 4.2.1")
    assert permanent.title == transient.title == "Mailbox switched off"
    assert "will fail again" in permanent.meaning
    assert "can succeed later" in transient.meaning
    assert "RFC 3463, 3.3" in permanent.source
    assert "RFC 5321, 4.2.1" in permanent.source


def test_an_enhanced_code_that_names_only_an_area_leaves_the_word_to_the_reply_code() -> None:
    found = explain("530 5.7.0 Authentication required")
    assert found.title == explain("530").title
    assert "5.7.0 adds" in found.meaning
    assert "adds" not in explain("221 2.0.0 Bye").meaning


def test_two_codes_that_disagree_are_called_out_and_the_reply_code_wins() -> None:
    found = explain("450 5.2.1")
    assert "same digit; go by 450" in found.meaning
    assert "can succeed later" in found.meaning
    assert "RFC 2034, 4" in found.source
    assert "same digit" not in explain("550 5.2.1").meaning


def test_a_class_has_its_own_entry_where_the_world_differs_from_the_standard() -> None:
    assert "Greylisting" in explain("4.7.1").cause
    assert "Greylisting" not in explain("5.7.1").cause


@pytest.mark.parametrize(
    ("code", "title", "says"),
    [
        (259, "Done (about the mail itself)", "says: done"),
        (399, "Go on", "more is needed"),
        (429, "Not now (about the connection)", "can succeed later"),
        (559, "No (about the mail itself)", "will fail again"),
        (599, "No", "no second digit above 5"),
    ],
)
def test_an_unlisted_reply_code_is_explained_by_its_digits(
    code: int, title: str, says: str
) -> None:
    found = explain(code)
    assert found.title == title
    assert "does not list" in found.meaning
    assert says in found.meaning
    assert found.source == "RFC 5321, 4.2.1"


@pytest.mark.parametrize(
    ("code", "title", "says"),
    [
        ("5.7.415", "Security or policy", "will fail again"),
        ("4.4.99", "Network and routing", "can succeed later"),
        ("2.1.1", "Address", "says: success"),
        ("5.99.1", "No area given", "will fail again"),
    ],
)
def test_an_unlisted_enhanced_code_is_explained_by_its_class_and_subject(
    code: str, title: str, says: str
) -> None:
    found = explain(code)
    assert found.title == title
    assert "does not list" in found.meaning
    assert says in found.meaning


def test_success_is_never_explained_as_a_failure() -> None:
    assert "mistake" not in explain("2.1.1").cause
    assert explain("250 2.1.1").title == explain("250").title


def test_explain_reply_takes_a_number_that_is_also_a_port_for_a_code() -> None:
    assert explain_reply(465).kind == "reply code"
    assert explain(465).kind == "port"


@pytest.mark.parametrize(
    "term",
    ["", " ", "EHLLO", "0", "-550", "199", "600", "12345", "5.7", "6.7.1", "5.07.1", "5.7.1.2"]
    + ["5500", "550x", "port 550", "é", "٥٥٠", "MAILFROM", "MAIL<x>", "<script>", "\x00"],
)
def test_an_unknown_term_raises_and_shows_itself(term: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        explain(term)
    assert repr(term.strip()) in str(caught.value)


@pytest.mark.parametrize(
    ("term", "near"),
    [
        ("EHLLO", "EHLO"),
        ("enveloppe", "envelope"),
        ("pipeline", "PIPELINING"),
        ("26", "25"),
        ("6.7.1", "5.7.1"),
        (994, "993"),
    ],
)
def test_an_unknown_term_suggests_the_nearest_known_ones(term: str | int, near: str) -> None:
    with pytest.raises(LocalProtocolError, match=rf"Near it: .*\b{re.escape(near)}\b"):
        explain(term)


def test_a_very_long_unknown_term_does_not_flood_the_error() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        explain("x" * 1_000_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("code", "enhanced"), [(199, None), (600, None), (550, "5.7"), (550, "5.7.1 x"), (550, "")]
)
def test_explain_reply_refuses_what_is_no_code(code: int, enhanced: str | None) -> None:
    with pytest.raises(LocalProtocolError):
        explain_reply(code, enhanced)


def test_html_escapes_every_field() -> None:
    """A term from the wire that reached the page unescaped would run as script there."""
    hostile = "<script>alert('1')</script>&\"<b>"
    h = hostile
    page = Tags(Explanation(h, h, h, h, h, h, "verb", h)._repr_html_())
    assert set(page.tags) == {"h4", "p", "dl", "dt", "dd"}
    assert page.text.count(hostile) == 7


def test_html_of_an_explanation_holds_the_same_words_as_its_text() -> None:
    found = explain("RCPT")
    page = Tags(found._repr_html_())
    for field in (found.title, found.meaning, found.cause, found.remedy, found.source, found.form):
        assert field in page.text
        assert field.split() == [word for word in field.split() if word in str(found).split()]


def test_text_behind_the_codes_never_reaches_the_page() -> None:
    assert "script" not in explain("550 5.7.1 <script>")._repr_html_()


def test_text_starts_with_term_and_title_and_ends_with_the_source() -> None:
    lines = str(explain("587")).splitlines()
    assert lines[0] == "587: Submission, with STARTTLS"
    assert lines[-1] == "  Source: RFC 6409, 3.1; RFC 3207, 4.3; RFC 8314, 3.3"
    assert any(line.startswith("  Who uses it: ") for line in lines)


def test_wrapping_never_tears_a_word_with_hyphens() -> None:
    found = Explanation("t", "t", "reverse-path " * 99, "c", "r", "s")
    assert str(found).split().count("reverse-path") == 99


def test_an_explanation_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        explain("250").title = "other"  # type: ignore[misc]


def test_ports_say_what_the_rfcs_say_today() -> None:
    assert "implicit TLS" in explain(465).title
    assert "RFC 8314 recommends" in explain(465).cause
    assert "today's port" in explain(25).meaning
    for port in (110, 143, 993, 995):
        assert "not SMTP" in explain(port).title


def test_importing_the_package_reads_no_table() -> None:
    program = """if True:
        import sys
        opened = []
        sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
        import smtplab.reference as reference
        assert not [path for path in opened if path.endswith(".toml")], opened
        reference.explain("25")
        assert [path[-10:] for path in opened if path.endswith(".toml")] == ["ports.toml"], opened
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=180)


@pytest.mark.parametrize("module", [explanation_module, lookup, tables])
def test_doctests_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0
