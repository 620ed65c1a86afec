"""The fault dial's notation: what it reads, what it refuses and how, and the round trip."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.errors import LocalProtocolError
from smtplab.replies import Reply
from smtplab.sandbox.faults import (
    PHASES,
    Cut,
    Delay,
    Extra,
    Fault,
    Match,
    Nth,
    Raw,
    Simple,
    Split,
    parse_fault,
)
from smtplab.sandbox.faults.actions import Action, why_not
from smtplab.sandbox.faults.manual import manual
from smtplab.sandbox.faults.rules import Circumstances

LATER = Reply(451, (b"4.3.0 Try later",))
BOB = "bob@example.net"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"RCPT@{BOB}#2=451 4.3.0 Try later",
         Fault("RCPT", LATER, Match(contains=BOB), Nth("only", 2))),
        ("rcpt=451 4.3.0 Try later", Fault("RCPT", LATER)),
        ("end-of-data=drop", Fault("end-of-data", Simple.DROP)),
        ("greeting=delay:1.5", Fault("greeting", Delay(1.5))),
        ("greeting=delay:40!", Fault("greeting", Delay(40.0, in_full=True))),
        ("EHLO=split:1", Fault("EHLO", Split(1))),
        ("EHLO=cut:3,10", Fault("EHLO", Cut((3, 10)))),
        ("EHLO=250 one\\ntwo", Fault("EHLO", Reply(250, (b"one", b"two")))),
        ("NOOP=250", Fault("NOOP", Reply(250))),
        ("NOOP=raw:25\\x00\\r\\n", Fault("NOOP", Raw(b"25\0\r\n"))),
        ("MAIL=extra:250 2.0.0 Twice", Fault("MAIL", Extra(Reply(250, (b"2.0.0 Twice",))))),
        ("any#/3=stall", Fault("any", Simple.STALL, nth=Nth("every", 3))),
        ("DATA@from:<>#4+=lose",
         Fault("DATA", Simple.LOSE, Match(reverse_path=""), Nth("from", 4))),
        ("MAIL@host:mx.example.net;port:25;source:smtp.example.org;to:@example.net;re:SIZE%3D=drop",
         Fault("MAIL", Simple.DROP, Match("mx.example.net", 25, "smtp.example.org", None, "SIZE=",
                                          None, "@example.net"))),
        ("RCPT@has:to:=drop", Fault("RCPT", Simple.DROP, Match(contains="to:"))),
    ],
)  # fmt: skip
def test_a_rule_is_read_from_one_line(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no = before its action; a rule is PHASE[@MATCH][#NTH]=ACTION"),
        ("RCPT", "has no = before its action"),
        ("RCTP=drop", "'RCTP' at character 1 is no phase; the phases are connect, greeting, EHLO"),
        ("RCPT#two=drop", "'two' at character 6 fits nothing here; which time is #2, #2+, #/2"),
        ("RCPT#0=drop", "counted from 1"),
        ("RCPT=vanish", "'vanish' at character 6 fits nothing here; an action is 451 4.3.0 Text"),
        ("RCPT=199 x", "199 is no reply code (RFC 5321, 4.2); raw: sends any octets"),
        ("RCPT=451 bell\\x07", "is not printable; raw: sends any octets"),
        ("RCPT=raw:", "raw octets are at least 1"),
        ("RCPT=raw:\\q", "'\\\\q' is no escape"),
        ("RCPT=raw:\\", "is no escape"),
        ("RCPT=delay:1000000", "a delay is 0 to 86400 seconds"),
        ("EHLO=split:0", "a segment holds 1 to"),
        ("EHLO=cut:5,3", "rising numbers"),
        ("RCPT@=drop", "at character 6 fits nothing here; a match is TEXT, re:PATTERN"),
        ("RCPT@port:x=drop", "'port:x' at character 6 fits nothing here"),
        ("RCPT@port:70000=drop", "70000 is no port"),
        ("RCPT@a;b=drop", "'a;b' at character 6 fits nothing here"),
        ("RCPT@to:<bob>=drop", "without angle brackets"),
        ("RCPT@re:(a+)+$=drop", "could take for ever"),
        ("RCPT@re:.*.*.*=drop", "could take for ever"),
        ("RCPT@re:[=drop", "is no regular expression"),
        ("RCPT@re:[[a]=drop", "is no regular expression"),
        ("end-of-data@bob=drop", "end-of-data has no argument to look at; match host:"),
        ("connect=451 x", "nothing is said at connect"),
        ("mail-data=451 x", "inside mail data a server may only delay"),
        ("EHLO=broken-tls", "TLS begins only at STARTTLS"),
        ("QUIT=merge", "no next reply"),
        ("x" * 30_000, "a rule may hold 20000 characters"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_one_sentence_with_place_and_forms(
    text: str, problem: str
) -> None:
    with pytest.raises(LocalProtocolError) as raised:
        parse_fault(text)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


PRINTABLE = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=40
)
REPLIES = st.builds(
    lambda code, texts: Reply(code, tuple(text.encode() for text in texts)),
    st.builds(lambda a, b, c: 100 * a + 10 * b + c, *(
        st.integers(*bounds) for bounds in ((2, 5), (0, 5), (0, 9))
    )),
    st.lists(PRINTABLE | st.just("") | st.just("tab\there"), min_size=1, max_size=3),
)  # fmt: skip
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    REPLIES,
    st.builds(Raw, st.binary(min_size=1, max_size=60)),
    st.builds(Extra, REPLIES),
    st.builds(Delay, st.integers(0, 10**7).map(lambda n: n / 1000), in_full=st.booleans()),
    st.builds(Split, st.integers(1, 4096)),
    st.sets(st.integers(1, 4096), min_size=1, max_size=9).map(lambda s: Cut(tuple(sorted(s)))),
    st.sampled_from(Simple),
)
MATCHES = st.builds(
    Match,
    host=st.none() | PRINTABLE,
    port=st.none() | st.integers(1, 65535),
    source=st.none() | PRINTABLE,
    contains=st.none() | PRINTABLE,
    pattern=st.none() | PRINTABLE.map(re.escape).filter(lambda p: len(re.findall(r"[*+?{]", p)) < 3
                                                        and ")" not in p and "(" not in p
                                                        and not re.search(r"\\[1-9]", p)),
    reverse_path=st.none() | st.just("") | PRINTABLE.filter(lambda p: p[0] != "<"),
    forward_path=st.none() | PRINTABLE.filter(lambda p: p[0] != "<"),
)  # fmt: skip
NTHS = st.just(Nth()) | st.builds(
    Nth, st.sampled_from(("only", "from", "every")), st.integers(1, 10**6)
)
SILENT = {"connect", "greeting", "challenge", "mail-data", "end-of-data"}


@settings(derandomize=True)
@given(st.sampled_from(PHASES), ACTIONS, MATCHES, NTHS)
def test_every_rule_is_read_back_from_its_text(
    phase: str, action: Action, match: Match, nth: Nth
) -> None:
    if why_not(phase, action) or (phase in SILENT and (match.contains or match.pattern)):
        with pytest.raises(LocalProtocolError):
            Fault(phase, action, match, nth)
        return
    fault = Fault(phase, action, match, nth)
    assert str(fault).isprintable()
    assert parse_fault(str(fault)) == fault


RULE_LIKE = st.lists(
    st.sampled_from([*PHASES, *"@#=;:%\\+/,.*([{", "re:", "to:", "raw:", "451 ", "delay:", "cut:"])
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@settings(derandomize=True, max_examples=500)
@given(RULE_LIKE | st.text())
def test_the_parser_raises_nothing_but_its_one_error(text: str) -> None:
    try:
        fault = parse_fault(text)
    except LocalProtocolError:
        return
    assert parse_fault(str(fault)) == fault


def test_a_pattern_is_bounded_in_time_whatever_it_meets() -> None:
    match = parse_fault("NOOP@re:.*x.*y=drop").match
    began = time.process_time()
    assert not match.fits(Circumstances(("NOOP",), ("h", 1), (), "x" * 100_000))
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("nth", "struck"),
    [("", [1, 2, 3, 4, 5, 6]), ("#2", [2]), ("#3+", [3, 4, 5, 6]), ("#/2", [2, 4, 6])],
)
def test_nth_counts_the_steps_that_match(nth: str, struck: list[int]) -> None:
    fault = parse_fault(f"NOOP{nth}=drop")
    assert [count for count in range(1, 7) if fault.nth.covers(count)] == struck


def test_the_manual_lists_every_phase_action_and_magic_form() -> None:
    page = manual()
    for word in (*PHASES, *(one.word for one in Simple), "raw:", "extra:", "split:", "end-lose"):
        assert word in page
