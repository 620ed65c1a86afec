"""A journey as frames to be played: at which station, what happened, and what shows it.

The stations are those of RFC 5598, 4, between the author and the recipient, by the names that
people use: You, submission (MSA), queue, MX look-up, port 25, verdict, Inbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from smtplab.sandbox.journey import Hop, Journey, Step
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict


class Station(Enum):
    """Where a mail object is."""

    YOU = "You"
    SUBMISSION = "Submission"
    QUEUE = "Queue"
    LOOK_UP = "MX look-up"
    PORT_25 = "Port 25"
    VERDICT = "Verdict"
    END = "Inbox or Junk"


class Fate(Enum):
    """How a frame ends, in words."""

    ON = "goes on"
    ARRIVED = "arrived"
    LATER = "not now: it will be tried again"
    REFUSED = "refused for good"
    GIVEN_UP = "given up"
    RETURNED = "a report goes back"


@dataclass(frozen=True)
class Frame:
    """One picture of the player."""

    station: Station
    hop: Hop
    leg: int  # 0 until a host sends it on as a mail object of its own, then 1, 2, ...
    when: datetime
    headline: str
    text: str  # what it means, for a newcomer
    recorded: tuple[str, ...] = ()  # the sentences of the record; of a look-up each question
    fate: Fate = Fate.ON
    end: str = ""  # what the last station of the leg turned out to be
    connection: str = ""
    verdict: DeliveryVerdict | None = None
    report: Journey | None = None  # the journey of a report that goes back from here
    retries: tuple[datetime, ...] = ()  # further attempts that ended in the same way


@dataclass(frozen=True)
class Known:
    """What a journey does not say, and the transcript and the hosts do."""

    door: Callable[[str], tuple[str, str, int]]
    """A connection's client, server and port."""
    verdict: Callable[[str, Hop], DeliveryVerdict | None]
    """What was decided about the content that came on a connection, and became a hop."""


def frames(journey: Journey, known: Known) -> tuple[Frame, ...]:
    """Everything that there is to play, reports left out: each of them is a journey of its own."""
    return tuple(_Telling(known).hop(journey.start, leg=0))


# Without a connection these came from the next host's door, and all others from the DNS
# (RFC 3463, 3.5 and 3.8): nobody answers, the connection breaks, TLS is not as it must be.
_AT_THE_DOOR = re.compile(r": \d{3}[ -]\d\.(?:4\.[12]|7\.\d+) ")
_CODE = re.compile(r": (\d{3}[ -](?:\d\.\d+\.\d+)?)")


class _Telling:
    def __init__(self, known: Known) -> None:
        self._known = known

    def hop(self, hop: Hop, leg: int, *, relayed: bool = False) -> Iterator[Frame]:
        """One hop: its attempts, of which those that end alike make one frame."""
        attempts: list[list[Frame]] = [[]]
        for step in hop.steps:
            if step.kind == "attempt":
                attempts.append([])
            attempts[-1] += self._step(hop, leg, step, relayed)
        yield from _without_repetition(attempts)

    def _step(self, hop: Hop, leg: int, step: Step, relayed: bool) -> Iterator[Frame]:
        match step.kind:
            case "accepted" if not relayed:
                yield from self._accepted(hop, leg, step)
            case "attempt":
                yield _queue(hop, leg, step)
            case "looked-up":
                yield _look_up(hop, leg, step)
            case "outcome":
                yield from self._outcome(hop, leg, step)
            case "queued":
                yield from self._made(hop, leg, step)
            case "delivered":
                yield _delivered(hop, leg, step)

    def _accepted(self, hop: Hop, leg: int, step: Step) -> Iterator[Frame]:
        """The first hop: who handed it in, and who took it."""
        source, host, port = self._known.door(step.connection)
        told = {"recorded": (step.text,), "connection": step.connection}
        yield _frame(
            Station.YOU, hop, leg, step,
            f"You hand it in: {source} connects to {host}, port {port}",
            "The client names the envelope with MAIL and RCPT, then sends the content. The "
            "envelope says where it goes; the header fields To and Cc do not (RFC 5321, 2.3.1).",
            **told,
        )  # fmt: skip
        submission = port in (587, 465)
        who = "the submission server (MSA; RFC 6409)" if submission else "the server"
        yield _frame(
            Station.SUBMISSION if submission else Station.PORT_25, hop, leg, step,
            f"{hop.host} takes it and keeps it as {hop.id}",
            f"250 after the end of mail data: from now on {who} has to deliver it, or to tell "
            "you that it could not (RFC 5321, 4.2.5 and 6.1).",
            **told,
        )  # fmt: skip
        yield from self._verdict(hop, leg, step)

    def _outcome(self, hop: Hop, leg: int, step: Step) -> Iterator[Frame]:
        if step.result in ("delivered", "expanded"):  # the steps beside it say more
            return
        station = Station.PORT_25
        if not step.connection and not _AT_THE_DOOR.search(step.text):
            station = Station.LOOK_UP
        fate, does, text = _OUTCOMES.get(step.result, (Fate.ON, step.result, ""))
        if step.connection:
            headline = f"{self._known.door(step.connection)[1]} {does}"
        elif station is Station.LOOK_UP:
            headline = f"The DNS names no host to go to: {fate.value}"
        else:
            headline = f"No session with the next host: {fate.value}"
        yield _frame(
            station, hop, leg, step, headline, text,
            recorded=(step.text,), fate=fate, connection=step.connection,
        )  # fmt: skip
        if step.connection:
            yield from self._verdict(hop, leg, step)
        for following in step.leads_to:
            yield from self.hop(following, leg, relayed=True)

    def _verdict(self, hop: Hop, leg: int, step: Step) -> Iterator[Frame]:
        """What the host at the other end of a connection decided about the content."""
        taker = next((one for one in step.leads_to if not one.why), hop)
        verdict = self._known.verdict(step.connection, taker)
        if verdict is None:
            return
        results = "no check"
        if (checks := verdict.checks) is not None:
            results = f"SPF {checks.spf.result}, DKIM {checks.dkim.result}, "
            results += f"DMARC {checks.dmarc.result}"
        yield _frame(
            Station.VERDICT, hop, leg, step,
            f"{verdict.host} judges it: {results}. So: {verdict.outcome}",
            verdict.why,
            fate=Fate.REFUSED if verdict.is_refused else Fate.ON,
            verdict=verdict,
        )  # fmt: skip

    def _made(self, hop: Hop, leg: int, step: Step) -> Iterator[Frame]:
        """The host made another mail object of this one."""
        for made in step.leads_to:
            if made.why == "report":
                yield _frame(
                    Station.END, hop, leg, step,
                    f"A report goes back to {', '.join(made.forward_paths)}",
                    "A delivery status notification (DSN) is a mail object of its own. Its "
                    "reverse-path is null, <>, so that no report answers a report (RFC 5321, 6.1; "
                    "RFC 3464).",
                    recorded=(step.text,), fate=Fate.RETURNED, end="Report", report=Journey(made),
                )  # fmt: skip
                continue
            why = {"list": "It is a mailing list", "srs": "It comes back by SRS"}
            yield _frame(
                Station.END, hop, leg, step,
                f"{why.get(made.why, 'It is sent on')}: off to {', '.join(made.forward_paths)}",
                "An alias keeps the reverse-path; a list puts its own in place of it, so that "
                "reports go to the list (RFC 5321, 3.9).",
                recorded=(step.text,), end="Sent on",
            )  # fmt: skip
            yield from self.hop(made, leg + 1)


_OUTCOMES = {
    "relayed": (
        Fate.ON,
        "takes it over",
        "The next host answers 250 after the end of mail data, and takes over the duty to deliver.",
    ),
    "deferred": (
        Fate.LATER,
        "says: not now",
        "A transient refusal, 4yz: it stays in the queue and is tried again. The sender hears "
        "nothing yet (RFC 5321, 4.2.1 and 4.5.4.1).",
    ),
    "failed": (
        Fate.REFUSED,
        "refuses it for good",
        "A permanent refusal, 5yz: another attempt would end in the same way, so a report goes "
        "back to the reverse-path (RFC 5321, 4.2.1 and 6.1).",
    ),
    "given up": (
        Fate.GIVEN_UP,
        "has said no for too long: given up",
        "It has waited as long as this host tries: five days. RFC 5321, 4.5.4.1 asks for at least "
        "four to five. A report says so.",
    ),
}


def _frame(
    station: Station, hop: Hop, leg: int, step: Step, headline: str, text: str, **more: object
) -> Frame:
    return Frame(station, hop, leg, step.world_time, headline, text, **more)  # type: ignore[arg-type]


def _queue(hop: Hop, leg: int, step: Step) -> Frame:
    return _frame(
        Station.QUEUE, hop, leg, step,
        f"The queue of {hop.host}: {step.text.removesuffix(' to send it on')}",
        "A mail server keeps what it has accepted, and sends it on when its turn comes "
        "(RFC 5321, 4.5.4).",
        recorded=(step.text,),
    )  # fmt: skip


def _look_up(hop: Hop, leg: int, step: Step) -> Frame:
    return _frame(
        Station.LOOK_UP, hop, leg, step,
        "The DNS is asked which host takes mail for that domain",
        "First for MX records: the lowest preference is tried first. Then for the address of that "
        "host. Without MX the domain itself is the host, if it has an address (RFC 5321, 5.1).",
        recorded=(step.text,),
    )  # fmt: skip


def _delivered(hop: Hop, leg: int, step: Step) -> Frame:
    mailbox = ", ".join(step.mailboxes)
    return _frame(
        Station.END, hop, leg, step,
        f"It lies in the {step.folder} of {mailbox}",
        "Final delivery writes the reverse-path of the envelope into Return-Path, on top "
        "(RFC 5321, 4.4). SMTP ends here: reading is the part of IMAP and POP3.",
        recorded=(step.text,), fate=Fate.ARRIVED, end=step.folder,
    )  # fmt: skip


# Fewer frames.


def _without_repetition(attempts: list[list[Frame]]) -> Iterator[Frame]:
    before: Frame | None = None  # how the last attempt ended, if it was put off
    retries: list[datetime] = []
    for attempt in attempts:
        told = list(_joined(attempt))
        put_off = told[-1] if told and told[-1].fate is Fate.LATER else None
        if put_off and before and _alike(put_off, before):
            retries.append(put_off.when)
            continue
        if before and retries:
            yield _retried(before, tuple(retries))
        before, retries = put_off, []
        yield from told
    if before and retries:
        yield _retried(before, tuple(retries))


def _joined(attempt: list[Frame]) -> Iterator[Frame]:
    """Look-ups beside each other make one frame; a queue that only sends on is left out."""
    joined: list[Frame] = []
    for frame in attempt:
        last = joined[-1] if joined else None
        if last and last.station is frame.station is Station.LOOK_UP and frame.fate is Fate.ON:
            joined[-1] = replace(last, recorded=last.recorded + frame.recorded)
        elif last and last.station is Station.QUEUE and frame.end == "Sent on":
            joined[-1] = frame
        else:
            joined.append(frame)
    yield from joined


def _alike(one: Frame, other: Frame) -> bool:
    return one.station is other.station and _code(one) == _code(other)


def _code(frame: Frame) -> str:
    found = _CODE.search(frame.recorded[0])
    return found[1] if found else ""


def _retried(frame: Frame, times: tuple[datetime, ...]) -> Frame:
    return replace(
        frame,
        station=Station.QUEUE,
        when=times[-1],
        headline=f"{len(times)} more attempts ended alike: {_code(frame)}",
        text="The time between two attempts grows: half an hour, one hour, two, then four "
        "(RFC 5321, 4.5.4.1 asks for at least 30 minutes).",
        recorded=(),
        connection="",
        retries=times,
    )
