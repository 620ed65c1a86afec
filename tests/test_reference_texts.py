"""Texts of providers and errors of programs: found in what people paste, in bounded time."""

from __future__ import annotations

import io
import re
import smtplib
import ssl
import time
from collections.abc import Callable

import pytest

from smtplab import Sandbox, cli
from smtplab.reference import Explanation, explain, explain_reply, texts
from smtplab.reference.texts import GAP, MAX_TEXT, TEXT_TABLES, KnownText, known_texts
from smtplab.sandbox.faults import parse_fault
from smtplab.step_reply import StepReply

ENTRIES = [known for name in TEXT_TABLES for known in known_texts(name)]
IDS = [known.texts[0] for known in ENTRIES]


@pytest.mark.parametrize("known", ENTRIES, ids=IDS)
def test_every_entry_tells_what_it_must_in_the_words_of_the_house(known: KnownText) -> None:
    banned = set("simply just obviously easily clearly response responses answer answers".split())
    for text in (known.meaning, known.cause, known.remedy, known.sandbox):
        assert re.fullmatch(r"(\S.*[^ ]\.)?", text), text
        assert set(re.findall(r"(?<!err\.)\b[a-z]+", text.lower())) & banned == set()
        for sentence in re.split(r"(?<=[.:;?]) ", text):
            assert len(sentence.split()) <= 29, sentence
    assert known.meaning and known.cause and known.remedy and known.origin
    assert re.fullmatch(r"\S.*[^ .]", known.title)


@pytest.mark.parametrize("known", ENTRIES, ids=IDS)
def test_every_entry_names_its_page_and_date_or_says_that_it_is_illustrative(
    known: KnownText,
) -> None:
    if not known.illustrative:
        assert known.source and "; " not in known.source
        assert re.fullmatch(r"https://[\w./-]+", known.url)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", known.read)


@pytest.mark.parametrize("known", ENTRIES, ids=IDS)
def test_every_text_of_every_entry_is_found(known: KnownText) -> None:
    for text in known.texts:
        found = explain(text.replace(GAP, " 192.0.2.1 "))
        assert found.title.startswith(known.title), text


def test_every_rule_of_the_fault_dial_that_an_entry_names_can_be_set() -> None:
    rules = [
        rule
        for known in ENTRIES
        for rule in re.findall(
            r"\b((?:RCPT|MAIL|STARTTLS|greeting)=.+?)(?= and | for |[.,] |\.?$)", known.sandbox
        )
    ]
    assert len(rules) > 10
    for rule in rules:
        parse_fault(rule.rstrip(".,"))


GMAIL = """550-5.7.26 This mail has been blocked because the sender is unauthenticated.
550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.
550 5.7.26 Authentication results: DKIM = did not pass - gsmtp"""


@pytest.mark.parametrize(
    ("pasted", "term", "title"),
    [
        (GMAIL, "550 5.7.26", "Neither SPF nor DKIM passed (Gmail)"),
        (GMAIL.replace("\n", "\r\n"), "550 5.7.26", "Neither SPF nor DKIM passed (Gmail)"),
        (GMAIL.replace("\n", " "), "550 5.7.26", "Neither SPF nor DKIM passed (Gmail)"),
        (f"S: {GMAIL}", "550 5.7.26", "Neither SPF nor DKIM passed (Gmail)"),
        ("5.7.708", "5.7.708", "The whole organization may not send (Microsoft 365)"),
        ("550 5.7.649 Refused", "550 5.7.649", "The sending IP address is blocked (Microsoft 365)"),
        ("(535, b'5.7.8 Username and Password not accepted.')", "535 5.7.8",
         "User name or password not accepted (Gmail)"),
        ("mx.example.net said: 554 5.7.1 <b@example.net>: Relay access denied", "554 5.7.1",
         "No relaying: log in, or wrong server (Postfix)"),
        ("Relaying denied", "Relaying denied", "No relaying: log in, or wrong server (Sendmail)"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'x'",
         "Hostname mismatch, certificate is not valid for",
         "The certificate is for another name (OpenSSL, Python and others)"),
    ],
)  # fmt: skip
def test_a_pasted_text_is_found(pasted: str, term: str, title: str) -> None:
    found = explain(pasted)
    assert (found.term, found.title) == (term, title)


def test_a_line_of_a_reply_that_is_broken_in_two_is_read_as_one_text() -> None:
    assert "(Gmail)" in explain("550-5.4.5 Daily user\n550 5.4.5 sending limit exceeded.").title


def test_what_the_rfcs_say_of_the_code_stands_beside_what_the_provider_means() -> None:
    found = explain(GMAIL)
    assert "By the RFCs: Several checks failed." in found.meaning
    assert "RFC 7372, 3.4" in found.source
    assert "https://support.google.com/a/answer/3726730" in found.source


def test_a_code_of_the_registry_is_not_taken_for_that_of_a_provider_without_its_text() -> None:
    assert explain("5.7.26").kind == "enhanced status code"
    assert explain("550 5.7.26 Something else").kind == "reply code and enhanced status code"


def test_a_positive_reply_is_never_explained_by_the_text_of_a_refusal() -> None:
    assert explain("250 2.0.0 Relaying denied").title == explain("250 2.0.0").title


def test_the_client_explains_the_text_of_the_reply_it_got() -> None:
    reply = StepReply(550, (b"5.4.5 Daily user sending limit exceeded.",), "end-of-data")
    assert reply.explanation.title == "You have sent too much today (Gmail)"


def test_words_that_many_servers_use_do_not_name_a_program_where_the_step_is_known() -> None:
    reply = StepReply(530, (b"5.7.0 Must issue a STARTTLS command first",), "MAIL")
    assert reply.explanation == explain_reply(530, "5.7.0", "MAIL")
    assert "(Postfix)" in explain("530 5.7.0 Must issue a STARTTLS command first").title


HOSTILE: list[Callable[[int], str]] = [
    lambda n: "EAUTH" * n,
    lambda n: "550-" * n,
    lambda n: "550 5.7.1 " * n,
    lambda n: "(5" * n,
    lambda n: "said: " * n,
    lambda n: "a" * n,
    lambda n: " " * n + "x",
    lambda n: "All messages from " * n,
    lambda n: "5.7.1.1" * n,
    lambda n: "\x00\u2028 550 5.7.1\n" * n,
]


@pytest.mark.parametrize("make", HOSTILE)
def test_no_text_makes_the_search_slow(make: Callable[[int], str]) -> None:
    explain("certificate verify failed")  # the tables are read
    started = time.process_time()
    for _ in range(3):
        _outcome(make(100_000))
        explain_reply(550, "5.7.1", text=make(100_000))
    assert time.process_time() - started < 3  # a search that doubles with each octet never ends


def _outcome(text: str) -> Explanation | str:
    try:
        return explain(text)
    except ValueError as error:
        assert len(str(error)) < 500
        return str(error)


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert explain_reply(550, text="x " * MAX_TEXT + "Relaying denied").kind == "reply code"
    assert texts.find_error("x " * MAX_TEXT + "EAUTH") is None


def test_a_text_counts_only_as_whole_words() -> None:
    assert texts.find_error("code: 'EAUTH'") is not None
    assert texts.find_error("XEAUTH") is None
    assert texts.find_error("EAUTHS") is None
    assert texts.find_error("EAUTHS, EAUTH") is not None


def test_the_tables_of_texts_are_read_only_for_texts() -> None:
    texts.known_texts.cache_clear()
    texts._index.cache_clear()
    explain("550 5.7.1")
    explain("MAIL")
    assert texts.known_texts.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("fault", "error", "wanted"),
    [
        ("RCPT=drop", smtplib.SMTPServerDisconnected, "Connection unexpectedly closed"),
        ("RCPT=550 5.7.1 Relaying denied", smtplib.SMTPRecipientsRefused, "Relaying denied"),
    ],
)
def test_an_error_of_smtplib_is_produced_by_the_fault_and_found_by_its_text(
    fault: str, error: type[Exception], wanted: str
) -> None:
    with Sandbox() as sandbox:
        sandbox.faults.add(fault)
        with sandbox.smtplib("mx.example.net", 25) as client, pytest.raises(error) as caught:
            client.sendmail("alice@example.org", ["bob@example.net"], b"Subject: x\r\n\r\nx\r\n")
        assert wanted in str(caught.value)
        assert explain(str(caught.value)).title != ""


def test_plain_text_where_tls_was_expected_is_found_by_the_text_of_python() -> None:
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ours, theirs, server_hostname="example.org")
    ours.write(b"220 mx.example.net ESMTP\r\n")  # plain text where TLS was expected
    with pytest.raises(ssl.SSLError) as caught:
        client.do_handshake()
    assert "TLS was spoken" in explain(str(caught.value)).title


def test_the_command_line_explains_an_error_and_reads_a_reply_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["explain", "certificate", "verify", "failed"]) == 0
    assert "In the sandbox" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(GMAIL))
    assert cli.main(["explain", "-"]) == 0
    assert "(Gmail)" in capsys.readouterr().out


def test_a_text_that_is_nearly_right_suggests_the_right_one() -> None:
    with pytest.raises(ValueError, match="Near it: .*certificate verify failed"):
        explain("certificat verify failled")
