"""Many mail objects are recorded a turn at a time; whoever looks finds an event for each part."""

import pytest

from smtplab import Client, Envelope, MailObject, Sandbox, send
from smtplab.transcript import Transcript
from tests.test_sending import quiet

MX, BOB = "mx.example.net", "bob@example.net"


def mail(subject: str, body: bytes = b"") -> MailObject:
    content = f"From: dave@example.com\r\nSubject: {subject}\r\n\r\n".encode() + body
    return MailObject(Envelope("dave@example.com", (BOB,)), content)


def recorded(mails: list[MailObject], offered: bool = True, most: int = 100_000) -> Transcript:
    with Sandbox("memory") as sandbox:
        if not offered:
            sandbox.policy(MX).switched_off.add("PIPELINING")
        clients: list[Client] = []

        def connect() -> Client:
            clients.append(sandbox.connect(MX, 25))
            clients[0].transcript._max_events = most
            clients[0].ehlo()
            return clients[0]

        assert send(mails, connect, progress=quiet).is_complete
        return clients[0].transcript


def told(transcript: Transcript) -> list[tuple[object, ...]]:
    """All but the offer and the time: in the order of the steps, as replies stand a turn late."""
    events = [e for e in transcript.of("c1", "client") if e.step > 1]
    return [
        (e.step, e.kind, e.octets, e.length, e.sha256, e.detail)
        for e in sorted(events, key=lambda e: e.step)
        if e.octets
    ]


@pytest.mark.parametrize(
    "body",
    [b"Hi\r\n", b"", b".\r\n\r\n..", (b"x" * 70 + b"\r\n") * 1000],
    ids=["a line", "no body", "dots", "more than an event keeps"],
)
def test_a_turn_shows_the_same_events_as_single_steps(body: bytes) -> None:
    mails = [mail(str(n), body) for n in range(4)]
    pipelined, stepwise = told(recorded(mails)), told(recorded(mails, offered=False))
    assert pipelined == stepwise
    assert len(pipelined) == 4 * 8 + 2  # and QUIT with its reply
    assert (b"x" * 70 in body) == any(event[4] is not None for event in pipelined)


def test_events_are_numbered_without_a_gap() -> None:
    events = recorded([mail(str(n)) for n in range(5)]).of("c1", "client")
    assert [event.seq for event in events] == list(range(len(events)))


def test_one_may_begin_to_look_in_the_middle_of_a_turn() -> None:
    transcript = recorded([mail(str(n)) for n in range(5)])
    whole = transcript.events
    for position in range(len(whole) + 1):
        fresh, total = transcript.events_since(position)
        assert fresh == whole[position:] and total == len(whole)


@pytest.mark.parametrize("most", range(30, 42))
def test_a_turn_falls_out_as_a_whole_and_is_counted(most: int) -> None:
    mails = [mail(str(n)) for n in range(40)]
    everything = recorded(mails).events
    transcript = recorded(mails, most=most)
    dropped, *kept = transcript.events
    assert dropped.detail["events"] == len(transcript) - len(kept)
    assert dropped.detail["octets"] == sum(e.length for e in everything[: -len(kept)])
    assert most - 8 < len(kept) <= most
    assert [(e.seq, e.octets) for e in kept] == [
        (e.seq, e.octets) for e in everything[-len(kept) :]
    ]
