"""Transcripts: recorded once, bounded, hidden where secret, harmless on a page."""

import json
import random
import sys
from base64 import b64decode, b64encode
from collections import deque
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.transcript import Event, Kind, Recorder, Transcript, as_html, as_text
from smtplab.transcript import transcript as bounds
from smtplab.transcript.events import EVENT_OVERHEAD, HEAD_AND_TAIL, MAX_EVENT_OCTETS, OctetsKeeper
from smtplab.transcript.hiding import SecretValues, base64_forms, hide
from smtplab.transcript.recorder import TRIM_AFTER
from smtplab.transcript.rendering import MAX_SHOWN_LINES, visible
from smtplab.transcript.wire import MAX_WIRE_OCTETS
from smtplab.transport.tcp import WALL_CLOCK

WORLD_TIME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def new(max_events: int = bounds.MAX_EVENTS) -> tuple[Transcript, Recorder]:
    transcript = Transcript(lambda: WORLD_TIME, max_events=max_events)
    return transcript, transcript.recorder("c1", "client")


def record(octets: bytes, kind: Kind = Kind.COMMAND, secrets: tuple = ()) -> Transcript:
    """A transcript with one event of these octets."""
    transcript, recorder = new()
    recorder.record(kind, 1, octets, secrets=secrets)
    return transcript


def only(transcript: Transcript) -> Event:
    (event,) = transcript.events
    return event


# What is kept.


def test_an_event_says_who_saw_what_when() -> None:
    transcript, recorder = new()
    recorder.record(Kind.CONNECT, 0, detail={"host": "smtp.example.org"})
    recorder.tls = True
    recorder.record(Kind.COMMAND, 1, b"NOOP\r\n")
    transcript.recorder("c2", "server").record(Kind.REPLY, 1, b"250 OK\r\n")
    assert transcript.events == (
        Event(
            Kind.CONNECT, "c1", "client", 0, 0, b"", 0, False, WORLD_TIME,
            detail={"host": "smtp.example.org"},
        ),
        Event(Kind.COMMAND, "c1", "client", 1, 1, b"NOOP\r\n", 6, True, WORLD_TIME),
        Event(Kind.REPLY, "c2", "server", 0, 1, b"250 OK\r\n", 8, False, WORLD_TIME),
    )  # fmt: skip
    assert transcript.connections == ("c1", "c2")
    assert [event.seq for event in transcript.of("c1")] == [0, 1]
    assert transcript.of("c2", "client") == ()
    assert transcript.of("c2", "server") == transcript.events[2:]
    assert len(transcript) == 3


def test_what_one_connection_said_is_not_dearer_for_what_others_said(monkeypatch) -> None:
    transcript = Transcript(lambda: WORLD_TIME)
    for name in ("c1", "c2", "c1"):
        transcript.recorder(name, "client").record(Kind.COMMAND, 1, b"NOOP\r\n")
    made: list[bytes] = []

    def spans(octets: bytes) -> tuple[()]:
        made.append(octets)
        return ()

    monkeypatch.setattr(transcript.secrets, "spans", spans)
    assert transcript.connections == ("c1", "c2") and not made
    assert len(transcript.of("c2")) == len(made) == 1


def test_a_clock_that_counts_seconds_is_read_back_as_a_date() -> None:
    """Real connections note seconds, which cost less; whoever reads wants a date with its zone."""
    transcript = Transcript(WALL_CLOCK)
    before = datetime.now(UTC)
    transcript.recorder("c1", "client").record(Kind.COMMAND, 1, b"NOOP\r\n")
    when = only(transcript).world_time
    assert before <= when <= datetime.now(UTC) and when.tzinfo is UTC


@pytest.mark.parametrize("whole", [True, False], ids=["in one piece", "in pieces"])
def test_octets_of_one_event_are_bounded(whole: bool) -> None:
    most = bytes(random.Random(1).randbytes(MAX_EVENT_OCTETS))
    for octets in (b"", most, most + b"x", most * 3):
        transcript, recorder = new()
        if whole:
            recorder.record(Kind.MAIL_DATA, 1, octets)
        else:
            keeper = OctetsKeeper()
            for start in range(0, len(octets), 5000):
                keeper.feed(octets[start : start + 5000])
            recorder.record_kept(Kind.MAIL_DATA, 1, keeper)
        event = only(transcript)
        assert event.length == len(octets)
        assert event.is_whole == transcript.is_whole == (len(octets) <= MAX_EVENT_OCTETS)
        if event.is_whole:
            assert (event.octets, event.sha256) == (octets, None)
        else:
            assert event.octets == octets[:HEAD_AND_TAIL] + octets[-HEAD_AND_TAIL:]
            assert event.sha256 == sha256(octets).hexdigest()
            assert f"[{len(octets) - 2 * HEAD_AND_TAIL} octets not kept]" in str(transcript)


def test_the_bounds_are_those_that_were_decided() -> None:
    assert (MAX_EVENT_OCTETS, HEAD_AND_TAIL) == (65536, 4096)
    assert (bounds.MAX_EVENTS, MAX_WIRE_OCTETS) == (100_000, 8 * 1024 * 1024)


def test_past_the_bound_the_oldest_fall_out_and_one_event_counts_them() -> None:
    transcript, recorder = new(max_events=3)
    for step in range(10):
        recorder.record(Kind.COMMAND, step, b"x" * step)
    dropped, *kept = transcript.events
    assert [event.step for event in kept] == [7, 8, 9]
    assert dropped.kind is Kind.DROPPED
    assert dropped.detail == {"events": 7, "octets": sum(range(7))}
    assert len(transcript) == 10
    assert not transcript.is_whole
    assert transcript.connections == ("c1",)
    assert str(transcript).startswith("-- 7 older events were dropped\nC: xxxxxxx\n")


def test_a_cursor_gives_each_event_once_also_after_a_gap() -> None:
    transcript, recorder = new(max_events=3)
    steps: list[list[int]] = []
    position = 0
    for burst in (0, 1, 3, 0, 5, 2):
        for _ in range(burst):
            recorder.record(Kind.COMMAND, len(transcript), b"x")
        fresh, position = transcript.events_since(position)
        steps.append([-1 if e.kind is Kind.DROPPED else e.step for e in fresh])
    assert steps == [[], [0], [1, 2, 3], [], [-1, 6, 7, 8], [9, 10]]
    assert position == len(transcript) == 11
    assert transcript.events_since(8)[0] == transcript.events[-3:]


def test_a_cursor_of_an_older_transcript_is_past_the_end_and_gives_nothing() -> None:
    """After a restart a view may still hold the position that it had before."""
    transcript = record(b"NOOP\r\n")
    assert transcript.events_since(1000) == ((), 1)
    assert transcript.events_since(-1) == (transcript.events, 1)


def test_events_recorded_while_somebody_reads_are_neither_lost_nor_given_twice() -> None:
    transcript, recorder = new()

    def write() -> None:
        for step in range(20_000):
            recorder.record(Kind.COMMAND, step, b"NOOP\r\n")

    writer = Thread(target=write)
    seen: list[int] = []
    position = 0
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the two threads meet in every place
    try:
        writer.start()
        while writer.is_alive() or len(seen) < len(transcript):
            fresh, position = transcript.events_since(position)
            seen += [event.step for event in fresh]
        writer.join()
    finally:
        sys.setswitchinterval(interval)
    assert seen == list(range(20_000))


class Busy(deque):
    """A deque to which another thread adds in the worst moment, the first two times."""

    left = 2

    def __reversed__(self):
        if self.left:
            self.left -= 1
            self.append(self[-1])
        return super().__reversed__()


def test_an_event_that_comes_between_counting_and_taking_pushes_none_out() -> None:
    transcript, recorder = new()
    for step in range(3):
        recorder.record(Kind.COMMAND, step, b"NOOP\r\n")
    transcript._notes = Busy(transcript._notes)
    first, position = transcript.events_since(0)
    second, _ = transcript.events_since(position)
    assert [event.step for event in first + second] == [0, 1, 2, 2, 2]


class Jumping(deque):
    """A deque to which another thread adds while it is walked, the first time."""

    left = 1

    def __reversed__(self):
        walk = super().__reversed__()
        if self.left:
            self.left -= 1
            self.append(self[-1])
        return walk


def test_an_event_that_comes_while_they_are_taken_makes_no_error() -> None:
    transcript, recorder = new()
    for step in range(3):
        recorder.record(Kind.COMMAND, step, b"NOOP\r\n")
    transcript._notes = Jumping(transcript._notes)
    assert [event.step for event in transcript.events] == [0, 1, 2, 2]


def test_the_memory_of_many_short_connections_is_bounded_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each connection alone stays under every bound; a server that runs for days has many."""
    monkeypatch.setattr(bounds, "MAX_MEMORY", 200_000)
    transcript = Transcript(lambda: WORLD_TIME)
    for number in range(100):
        transcript.recorder(f"c{number}", "server").record(Kind.MAIL_DATA, 1, b"x" * 9_000)
    held = sum(len(note[5]) + EVENT_OVERHEAD for note in transcript._notes)
    each = 9_000 + EVENT_OVERHEAD
    assert held <= 200_000 + bounds.TRIM_EACH * each, "also while nobody reads"
    assert len(transcript) == 100
    kept = [event for event in transcript.events if event.kind is Kind.MAIL_DATA]
    assert 15 <= len(kept) <= 22
    assert kept[-1].connection == "c99"


def test_the_memory_of_one_long_connection_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_MEMORY", 200_000)
    transcript, recorder = new()
    for step in range(300):
        recorder.record(Kind.REPLY, step, b"x" * 1000)
    held = sum(len(note[5]) + EVENT_OVERHEAD for note in transcript._notes)
    assert held <= 200_000 + TRIM_AFTER + 2000
    assert transcript.events[-1].step == 299


# The wire.


def test_the_wire_is_a_ring_of_segments() -> None:
    transcript, recorder = new()
    recorder.record(Kind.CONNECT, 0)
    recorder.segment("client", b"EHLO x\r\n")
    recorder.segment("server", b"250 ")
    recorder.segment("server", b"x\r\n")
    wire = transcript.wire("c1", "client")
    assert (wire.octets("client"), wire.octets("server")) == (b"EHLO x\r\n", b"250 x\r\n")
    assert [segment.sender for segment in wire.segments] == ["client", "server", "server"]
    assert {segment.seq for segment in wire.segments} == {1}
    megabyte = bytes(2**20)
    for _ in range(10):
        recorder.segment("server", megabyte)
    assert wire.octets("server") == megabyte * 8
    assert wire.dropped == 2 * 2**20 + 15
    with pytest.raises(KeyError):
        transcript.wire("c1", "server")


def test_the_wires_of_the_oldest_connections_are_let_go() -> None:
    transcript = Transcript(lambda: WORLD_TIME)
    for number in range(bounds.MAX_WIRES + 1):
        transcript.recorder(f"c{number}", "server")
    with pytest.raises(KeyError):
        transcript.wire("c0", "server")
    assert transcript.wire("c1", "server").segments == ()


# Secrets.

PASSWORD = "looking-glass"


@given(st.binary(max_size=5), st.binary(max_size=5), st.text(min_size=3, max_size=20))
def test_a_secret_is_found_inside_any_base64(before: bytes, after: bytes, secret: str) -> None:
    """What follows or comes before shifts the base64 form; the secret must be found all the same.

    At each end one character may also hold bits of the neighbour; those two may stay.
    """
    octets = secret.encode("utf-8", "replace")
    secret = octets.decode()
    values = SecretValues()
    values.add(secret)
    form = b64encode(before + octets + after)
    hidden = hide(form, values.spans(form))
    if len(octets) >= 6:
        assert hidden != form
        start, end = (len(before) * 8 + 5) // 6, (len(before) + len(octets)) * 8 // 6
        assert form[start:end] in base64_forms(octets)
        assert form[start:end] not in hidden or form.count(form[start:end]) > 1
    if len(octets) >= 4:
        assert octets not in hide(before + octets + after, values.spans(before + octets + after))


@pytest.mark.parametrize("padding", [b"", b"x", b"xx"])
def test_a_known_secret_is_hidden_wherever_it_comes_up(padding: bytes) -> None:
    in_base64 = b64encode(padding + PASSWORD.encode() + b"yy")
    octets = b"550 I heard looking-glass and " + in_base64 + b"\r\n"
    transcript, recorder = new()
    transcript.secrets.add(PASSWORD)
    recorder.record(Kind.REPLY, 1, octets)
    core = base64_forms(PASSWORD.encode())[len(padding)].decode()
    views = transcript.to_text(), transcript.to_html(), str(transcript), repr(transcript)
    kept = b64decode(json.loads(transcript.to_json())["octets_base64"]).decode()
    for view in (*views, transcript._repr_html_(), kept):
        assert PASSWORD not in view
        assert core not in view
    for shown in (transcript.to_text(secrets=True), transcript.to_html(secrets=True)):
        assert PASSWORD in shown and core in shown
    assert b64decode(json.loads(transcript.to_json(secrets=True))["octets_base64"]) == octets
    assert "********" in transcript.to_text()


def test_a_secret_learnt_later_is_hidden_in_what_was_recorded_before() -> None:
    transcript = record(b"VRFY looking-glass\r\n")
    transcript.secrets.add(PASSWORD)
    assert str(transcript) == "C: VRFY ********"


def test_two_secrets_that_overlap_are_hidden_as_one() -> None:
    octets = b"abcdefghij"
    assert hide(octets, ((2, 6), (4, 8))) == b"ab********ij"
    assert hide(octets, ((2, 8), (3, 4))) == b"ab********ij"
    assert hide(octets, ((0, 2), (4, 5))) == b"********cd********fghij"


def test_a_span_that_is_secret_by_state_is_hidden_also_when_the_event_was_cut() -> None:
    """A token of more than 64 KiB must not lose its cover when head and tail are kept."""
    token = b"tOkEn" * 20_000
    transcript = record(b"AUTH X " + token + b"\r\n", secrets=((7, 7 + len(token)),))
    assert not only(transcript).is_whole
    assert "tOkEn" not in transcript.to_text() + transcript.to_html()
    assert b"tOkEn" not in b64decode(json.loads(transcript.to_json())["octets_base64"])
    assert "tOkEn" in transcript.to_text(secrets=True)


def test_a_very_short_secret_is_not_sought_everywhere() -> None:
    transcript = record(b"250 a\r\n")
    transcript.secrets.add("a")
    transcript.secrets.add("")
    assert str(transcript) == "C: 250 a"


# Renderings.


def conversation() -> Transcript:
    transcript, recorder = new()
    place = {"source": "laptop.example.org", "host": "smtp.example.org", "port": 587}
    recorder.record(Kind.CONNECT, 0, detail=place)
    recorder.record(Kind.GREETING, 0, b"220 hi\r\n", {"state": "GREETED"})
    recorder.record(Kind.COMMAND, 1, b"AUTH LOGIN\r\n")
    recorder.record(Kind.CHALLENGE, 1, b"334 VXNlcg==\r\n")
    recorder.record(Kind.RESPONSE, 2, b"YWxpY2U=\r\n", secrets=((0, 8),))
    recorder.record(Kind.REPLY, 2, b"250-a\r\n250 b\r\n")
    recorder.record(Kind.TLS, 2, detail={"protocol": "TLS 1.3", "verified": "no"})
    recorder.record(Kind.MAIL_DATA, 3, b"Subject: x\r\n\r\n.\r\n")
    recorder.record(Kind.DELIVERED, 3, detail={"mailbox": "bob@example.net", "folder": "Inbox"})
    recorder.record(Kind.CLOSE, 3, detail={"why": "by the client"})
    return transcript


def test_the_text_is_as_an_rfc_prints_it() -> None:
    assert conversation().to_text().split("\n") == [
        "-- laptop.example.org connects to smtp.example.org : 587",
        "S: 220 hi",
        "C: AUTH LOGIN",
        "S: 334 VXNlcg==",
        "C: ********",
        "S: 250-a",
        "S: 250 b",
        "-- TLS begins: TLS 1.3, certificate NOT checked",
        "C: Subject: x",
        "C: ",
        "C: .",
        "-- delivered to bob@example.net, folder Inbox",
        "-- connection closed: by the client",
    ]


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_the_same_lines_as_the_text() -> None:
    transcript = conversation()
    page = Page(transcript._repr_html_())
    for line in transcript.to_text().split("\n"):
        assert line.removeprefix("-- ").removeprefix("C: ").removeprefix("S: ") in page.text


HOSTILE = [
    b"250 <script>alert(1)</script>\r\n",
    b"250 </code></td><img src=x onerror=alert(1)>\r\n",
    b"250 &lt;b&gt; \" '\r\n",
    b"\x00\x01\x1b[31m\x7f\xff\xfe\r\n",
    "250 \u202etxt.exe\u2066\u200b\ufeff\u2028\x85\r\n".encode(),
]


@pytest.mark.parametrize("octets", HOSTILE, ids=ascii)
def test_octets_from_the_wire_are_text_on_a_page_and_nothing_else(octets: bytes) -> None:
    """A server could otherwise run a script in the learner's notebook."""
    transcript, recorder = new()
    recorder.record(Kind.REPLY, 1, octets)
    text = octets.decode("utf-8", "replace").strip()
    recorder.record(Kind.CONNECT, 1, detail={"source": text, "host": text, "port": text})
    recorder.record(Kind.CLOSE, 1, detail={"why": text})
    page = transcript.to_html()
    found = Page(page)
    names = {tag for tag, _ in found.tags}
    assert names <= {"table", "caption", "tbody", "tr", "td", "b", "br", "code", "em"}
    left = ("style", "text-align:left")
    assert all(attributes in ([], [left], [("colspan", "2"), left]) for _, attributes in found.tags)
    for view in (page, transcript.to_text()):
        assert all(char.isprintable() for char in view.replace("\n", ""))
        assert "\u202e" not in view


@given(st.text())
def test_only_plainly_visible_characters_are_shown_as_they_are(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown


def test_a_newline_in_an_octet_string_cannot_forge_a_line_of_the_other_side() -> None:
    assert record(b"NOOP\nS: 250 OK\r\n").to_text() == "C: NOOP\\x0aS: 250 OK"


def test_of_a_very_long_event_the_middle_lines_are_left_out_of_views() -> None:
    event = only(record(b"".join(b"%d\r\n" % n for n in range(5000)), Kind.MAIL_DATA))
    lines = as_text([event]).split("\n")
    assert len(lines) == MAX_SHOWN_LINES + 1
    assert (lines[0], lines[99], lines[100]) == ("C: 0", "C: 99", "C: [4800 lines not shown]")
    assert (lines[101], lines[-1]) == ("C: 4900", "C: 4999")
    assert "4800 lines not shown" in as_html([event])


def test_the_names_in_the_json_form_are_never_changed() -> None:
    """Other programs read them: `smtplab serve --json`, exports, checks of later lessons."""
    transcript, recorder = new()
    recorder.record(Kind.REPLY, 1, b"250 OK\r\n", {"state": "READY"})
    recorder.record(Kind.MAIL_DATA, 2, b"x" * 70_000)
    small, big = map(json.loads, transcript.to_json().splitlines())
    assert small == {
        "schema": 1,
        "event": "reply",
        "connection": "c1",
        "seq": 0,
        "end": "client",
        "step": 1,
        "octets_base64": "MjUwIE9LDQo=",
        "length": 8,
        "tls": False,
        "world_time": "2026-03-02T09:00:00+00:00",
        "state": "READY",
    }
    assert set(big) == {*small, "sha256"} - {"state"}
    assert (big["event"], big["length"]) == ("mail-data", 70_000)
    assert [str(kind) for kind in Kind] == [
        "connect", "greeting", "command", "challenge", "response", "reply", "mail-data", "tls",
        "close", "dropped", "delivered", "fault", "accepted", "queued", "attempt", "looked-up",
        "outcome",
    ]  # fmt: skip


def test_ipython_shows_the_dialogue_as_plain_text() -> None:
    class Printer:
        said = ""

        def text(self, text: str) -> None:
            self.said += text

    printer, transcript = Printer(), conversation()
    transcript._repr_pretty_(printer, cycle=False)
    assert printer.said == str(transcript)


# Recorded whole, on request.


def test_what_is_kept_whole_has_no_gap_and_states_its_memory() -> None:
    """A capture of a large mail object was refused, with no way to ask for it before."""
    transcript, recorder = new(max_events=3)
    transcript.keep_whole()
    octets = random.Random(1).randbytes(9 * 2**20)
    for number in range(10):
        recorder.record(Kind.COMMAND, number, b"NOOP\r\n")
    recorder.record(Kind.MAIL_DATA, 10, octets)
    keeper = recorder.keeper()
    for start in range(0, len(octets), 2**20):
        keeper.feed(octets[start : start + 2**20])
    recorder.record_kept(Kind.MAIL_DATA, 11, keeper)
    recorder.segment("client", octets)
    assert len(transcript.events) == 12 and transcript.is_whole
    assert [event.octets == octets for event in transcript.events[-2:]] == [True, True]
    wire = transcript.wire("c1", "client")
    assert wire.dropped == 0 and wire.octets("client") == octets
    assert 27 * 2**20 < transcript.memory < 28 * 2**20


def test_a_transcript_that_was_kept_whole_is_read_back_on_request_only() -> None:
    transcript, recorder = new()
    transcript.keep_whole()
    recorder.record(Kind.MAIL_DATA, 1, b"x" * 300_000)
    text = transcript.to_json()
    with pytest.raises(ValueError, match="line 1: .*whole=True"):
        Transcript.from_json(text)
    again = Transcript.from_json(text, whole=True)
    assert again.is_whole and again.to_json() == text


def test_a_recorder_that_was_there_before_keeps_whole_too() -> None:
    transcript, recorder = new()
    recorder.segment("client", b"x" * MAX_WIRE_OCTETS)
    transcript.keep_whole()
    recorder.segment("client", b"x")
    assert transcript.wire("c1", "client").dropped == 0
