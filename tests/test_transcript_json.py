"""The JSON form of a transcript: documented, versioned, read back whole, and refused clearly."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab import Sandbox, Transcript
from smtplab.transcript import Kind
from smtplab.transcript import reading as reader
from tests.life_cycle import converse

WORLD_TIME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAGE = (Path(reader.__file__).parent / "schema.md").read_text(encoding="utf-8")

spans = st.lists(st.tuples(st.integers(0, 5), st.integers(6, 12)), max_size=3).map(tuple)
notes = st.tuples(
    st.sampled_from([kind for kind in Kind if kind is not Kind.DROPPED]),
    st.binary(min_size=12, max_size=80),
    st.dictionaries(st.sampled_from(["host", "why", "mailbox"]), st.text(max_size=5)),
    spans,
)


def made_of(found: list) -> Transcript:
    """A transcript of kinds, octets, details and secrets, a minute apart."""
    times = iter(WORLD_TIME + timedelta(minutes=n) for n in range(1000))
    transcript = Transcript(lambda: next(times))
    recorder = transcript.recorder("c1", "client")
    for step, (kind, octets, detail, secrets) in enumerate(found):
        recorder.record(kind, step, octets, detail, secrets)
    return transcript


def event_line(**changes: object) -> str:
    """One line of JSON that is right but for the changes."""
    fields: dict[str, object] = {
        "schema": 1, "event": "command", "connection": "c1", "seq": 0, "end": "client", "step": 1,
        "octets_base64": b64encode(b"NOOP\r\n").decode(), "length": 6, "tls": False,
        "world_time": "2026-03-02T09:00:00+00:00",
    }  # fmt: skip
    return json.dumps({**fields, **changes})


@given(st.lists(notes, max_size=8))
def test_with_its_secrets_a_transcript_is_read_back_equal(found: list) -> None:
    transcript = made_of(found)
    assert Transcript.from_json(transcript.to_json(secrets=True)).events == transcript.events


@given(st.lists(notes, max_size=8))
def test_what_was_hidden_stays_hidden_and_the_form_is_stable(found: list) -> None:
    """A length that counted the hidden octets would tell how long a password is."""
    transcript = made_of(found)
    read = Transcript.from_json(transcript.to_json())
    assert read.to_json() == transcript.to_json()
    assert read.to_text() == read.to_text(secrets=True) == transcript.to_text()
    assert all(event.is_whole for event in read.events)


def test_a_session_in_the_sandbox_is_read_back_equal() -> None:
    with Sandbox("memory") as sandbox:
        converse(sandbox, 465)
        transcript = sandbox.transcript
        read = Transcript.from_json(transcript.to_json(secrets=True))
        assert read.to_json(secrets=True) == transcript.to_json(secrets=True)
        assert "looking-glass" not in Transcript.from_json(transcript.to_json()).to_json()
        assert read.connections == transcript.connections
        fields = {name for line in read.to_json().splitlines() for name in json.loads(line)}
    unknown = {name for name in fields if f"`{name}`" not in PAGE}
    assert not unknown, "the page does not name these"


def test_the_page_names_every_kind() -> None:
    assert [kind for kind in Kind if f"| `{kind}` |" not in PAGE] == []


def test_cut_octets_and_dropped_events_are_read_back_as_such() -> None:
    transcript = Transcript(lambda: WORLD_TIME, max_events=2)
    recorder = transcript.recorder("c1", "client")
    for step in range(5):
        recorder.record(Kind.MAIL_DATA, step, b"x" * 70_000)
    read = Transcript.from_json(transcript.to_json())
    assert read.events == transcript.events and len(read) == len(transcript) == 5
    assert not read.is_whole


def test_the_first_line_of_serve_is_passed_over_and_unknown_fields_are_kept() -> None:
    text = '{"schema": 1, "listeners": []}\n\n' + event_line(colour="blue")
    (event,) = Transcript.from_json(text).events
    assert event.detail == {"colour": "blue"}
    assert Transcript.from_json("").events == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "this is no JSON object: 'nonsense'"),
        ("[" * 100_000, "this is no JSON object"),
        ("9" * 5000, "this is no JSON object"),
        ("[]", 'a JSON object with "schema" is expected'),
        ("{}", 'a JSON object with "schema" is expected'),
        (event_line(schema=2), "it is of schema 2, and this smtplab reads schema 1"),
        (event_line(schema=True), '"schema" is True'),
        (event_line(event="shout"), "\"event\" is 'shout', which schema 1 does not have"),
        (event_line(event=[]), '"event" is []'),
        (event_line(step="1"), "\"step\" is '1', which is of the wrong type"),
        (event_line(tls=1), '"tls" is 1, which is of the wrong type'),
        (event_line(end="both"), "\"end\" is 'both'"),
        (event_line(octets_base64="a"), "\"octets_base64\" is no base64: 'a'"),
        (event_line(octets_base64="A" * 90_000), "an event keeps 65536 octets at most"),
        (event_line(world_time="today"), "\"world_time\" is 'today'"),
        (event_line(world_time="2026-03-02T09:00:00"), "with its zone"),
        (event_line(length=7), '"length" is 7, but 6 octets are there'),
        (event_line(secrets=[[3, 9]]), '"secrets" is [[3, 9]]'),
        (event_line(secrets=5), '"secrets" is 5'),
        (event_line(event="dropped"), 'a "dropped" event counts "events" and "octets"'),
        (event_line(why="x" * 300_000), "characters, and 196608 are allowed"),
    ],
)  # fmt: skip
def test_a_bad_line_is_one_error_that_names_it(line: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        Transcript.from_json(f"{event_line()}\n{line}\n")
    assert str(caught.value).startswith("line 2: ") and told in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_text_of_too_many_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="a transcript may have 200000 lines"):
        Transcript.from_json("\n" * 300_000)


@given(st.text(max_size=200) | st.dictionaries(st.text(max_size=9), st.none()).map(json.dumps))
def test_any_text_is_read_or_refused_by_one_error(text: str) -> None:
    try:
        Transcript.from_json(text)
    except ValueError as error:
        assert str(error).startswith("line ")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
fields = st.sampled_from(list(json.loads(event_line())) + ["secrets", "sha256", "events"])


@given(st.dictionaries(fields, scalars | st.lists(st.lists(scalars)), max_size=4))
def test_any_field_is_read_or_refused_by_one_error(changes: dict) -> None:
    try:
        Transcript.from_json(event_line(**changes))
    except ValueError as error:
        assert str(error).startswith("line 1: ")
