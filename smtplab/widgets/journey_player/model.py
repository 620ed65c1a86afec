"""The journey player without its window: which journey, how far it is told, clock, trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from smtplab.lessons.sessions import signed_in
from smtplab.replies import Reply
from smtplab.sandbox import Sandbox
from smtplab.sandbox.journey import Journey
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.queue import QueueItem
from smtplab.widgets.journey_player.evidence import Evidence
from smtplab.widgets.journey_player.frames import Frame, frames

AUTHOR = "alice@example.org"
DOMAIN, HOST = "example.net", "mx.example.net"  # where trouble comes to
MOST_MINUTES = 60 * 24 * 30

# Whom a sample goes to, and what is special there.
RECIPIENTS = {
    "bob@example.net": "takes it",
    "grey@example.net": "greylisted",
    "full@example.net": "its mailbox is full",
    "moved@example.net": "has moved",
    "nobody@example.net": "no such mailbox",
    "tea-club@example.net": "a mailing list",
    "forwarded@example.net": "forwards to Carol",
    "carol@example.org": "at your own provider",
    "ann@shop.example": "a domain without MX",
    "ann@nowhere.example": "no such domain",
}


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong at example.net: how it begins, and how it ends."""

    name: str
    begin: Callable[[Sandbox], Callable[[], None]]


def _nothing(sandbox: Sandbox) -> Callable[[], None]:
    return lambda: None


def _is_down(sandbox: Sandbox) -> Callable[[], None]:
    rule = sandbox.faults.add(f"connect@host:{HOST}=drop")
    return lambda: sandbox.faults.remove(rule)


def _dns_fails(sandbox: Sandbox) -> Callable[[], None]:
    sandbox.zones.fail(DOMAIN)
    return lambda: sandbox.zones.mend(DOMAIN)


def _null_mx(sandbox: Sandbox) -> Callable[[], None]:
    before = sandbox.zones.text(DOMAIN)
    sandbox.zones.replace(DOMAIN, "@ IN MX 0 .")
    return lambda: sandbox.zones.set(DOMAIN, before)


def _no_mx(sandbox: Sandbox) -> Callable[[], None]:
    before = sandbox.zones.text(DOMAIN)
    sandbox.zones.remove(DOMAIN, "@", "MX")
    return lambda: sandbox.zones.set(DOMAIN, before)


TROUBLES = {
    one.name: one
    for one in (
        Trouble("nothing", _nothing),
        Trouble(f"{HOST} is down", _is_down),
        Trouble(f"the DNS of {DOMAIN} does not answer", _dns_fails),
        Trouble(f"{DOMAIN} has a null MX", _null_mx),
        Trouble(f"{DOMAIN} has neither MX nor address", _no_mx),
    )
}


class JourneyModel:
    """One journey of one sandbox, told frame by frame."""

    def __init__(self, sandbox: Sandbox, of: str | StoredMail | Journey | None) -> None:
        self.sandbox = sandbox.start()  # does nothing where it runs already
        self.journey: Journey | None = None
        self.frames: tuple[Frame, ...] = ()
        self.position = 0  # the frame that is lit
        self.note = ""  # what the last step did beside the journey
        self.trouble = "nothing"
        self._end_trouble: Callable[[], None] = lambda: None
        self._before: list[tuple[Journey, int]] = []  # what a report was opened from
        self._samples = 0
        if of is not None:
            self.open(of)
        else:
            self._load()
            if found := self.sandbox.journeys:
                self.open(found[-1])

    # What there is to show.

    @property
    def frame(self) -> Frame | None:
        """The frame that is lit; None where there is no journey."""
        return self.frames[self.position] if self.frames else None

    @property
    def told(self) -> tuple[Frame, ...]:
        """The frames that were played so far."""
        return self.frames[: self.position + 1]

    @property
    def waiting(self) -> tuple[QueueItem, ...]:
        """What of this journey is in a queue, its reports left out."""
        here = {(frame.hop.host, frame.hop.id) for frame in self.frames}
        return tuple(item for item in self.sandbox.queue if (item.host, item.id) in here)

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    @property
    def is_report(self) -> bool:
        return bool(self._before)

    # Playing.

    def next(self) -> Frame | None:
        """Light the next frame; at the end nothing changes."""
        self.note = ""
        if self.position + 1 < len(self.frames):
            self.position += 1
        else:
            self.note = self._why_no_more()
        return self.frame

    def back(self) -> Frame | None:
        self.note = ""
        self.position = max(0, self.position - 1)
        return self.frame

    def all(self) -> Frame | None:
        """Tell everything that has happened so far."""
        self.note = ""
        self.position = max(0, len(self.frames) - 1)
        return self.frame

    def _why_no_more(self) -> str:
        if not self.frames:
            return "There is no journey yet. Send a sample message."
        if self.waiting:
            return "It waits in the queue. Advance the clock, and the next attempt is made."
        return "That is the end of this journey."

    # Which journey.

    def open(self, of: str | StoredMail | Journey) -> Journey:
        """Play another journey from its beginning; `KeyError` lists those there are."""
        journey = of if isinstance(of, Journey) else self.sandbox.journey(of)
        self._before, self.position, self.note = [], 0, ""
        self.journey = journey
        self._load()
        return journey

    def open_report(self) -> Journey:
        """The journey of the report that goes back: the one of the lit frame, or the last one.

        Raises `LookupError` where none was told of.
        """
        reports = [one.report for one in self.told if one.report is not None]
        if self.frame is not None and self.frame.report is not None:
            reports.append(self.frame.report)
        if not reports or self.journey is None:
            raise LookupError("no report goes back from what was played so far")
        self._before.append((self.journey, self.position))
        self.journey, self.position, self.note = reports[-1], 0, ""
        self._load()
        return reports[-1]

    def close_report(self) -> Journey:
        """Back to the journey that the report is about; raises `LookupError` if there is none."""
        if not self._before:
            raise LookupError("this is no report that was opened here")
        self.journey, self.position = self._before.pop()
        self.note = ""
        self._load()
        return self.journey

    def refresh(self) -> None:
        """Look again at what the sandbox has recorded."""
        self._load()

    def _load(self) -> None:
        self.evidence = Evidence(self.sandbox)
        if self.journey is None:
            return
        start = self.journey.start
        found = self.sandbox.journey(f"{start.id} at {start.host}")
        hops = (hop for hop in found.hops if (hop.id, hop.host) == (start.id, start.host))
        self.journey = Journey(next(hops))
        self.frames = frames(self.journey, self.evidence.known)
        self.position = min(self.position, len(self.frames) - 1)

    # The world.

    def send(self, recipient: str) -> Journey | None:
        """Hand in a new sample message; None, and a note, where the MSA refuses it."""
        self._samples += 1
        self.note = ""
        with signed_in(self.sandbox, AUTHOR) as client:
            replies = [client.mail(AUTHOR), client.rcpt(recipient)]
            if all(reply.is_positive for reply in replies):
                replies += [client.data(), client.content(self._sample(recipient))]
            connection = client.connection
        refused = next((reply for reply in replies if reply.code >= 400), None)
        if refused is not None:
            self.note = f"smtp.example.org did not take it: {_said(refused)}"
            return None
        mine = (one for one in self.sandbox.journeys if connection in one.connections[:1])
        return self.open(next(mine))

    def _sample(self, recipient: str) -> bytes:
        return (
            f"From: Alice <{AUTHOR}>\r\nTo: <{recipient}>\r\nSubject: Tea at five\r\n"
            f"Date: {format_datetime(self.now)}\r\n"
            f"Message-ID: <sample-{self._samples}@laptop.example.org>\r\n\r\n"
            "Will you come?\r\n"
        ).encode()

    def advance(self, time: timedelta) -> datetime:
        """Turn the world clock; what became due has then been tried.

        The first frame that is new is lit. `ValueError` if time were to go back.
        """
        if time > timedelta(minutes=MOST_MINUTES):
            raise ValueError(f"one step is at most {MOST_MINUTES} minutes, 30 days")
        before = [_mark(frame) for frame in self.frames]
        now = self.sandbox.clock.advance(time)
        self._load()
        fresh = (n for n, one in enumerate(self.frames) if before[n : n + 1] != [_mark(one)])
        position = next(fresh, None)
        if position is not None:
            self.position = position
            self.note = "Something happened meanwhile. Press Next to go on."
        else:
            self.note = "Nothing of this journey was due in that time."
        return now

    def set_trouble(self, name: str) -> None:
        """Let something go wrong at example.net, in place of what was wrong before."""
        trouble = TROUBLES[name]
        self._end_trouble()
        self._end_trouble, self.trouble = lambda: None, "nothing"
        self._end_trouble = trouble.begin(self.sandbox)
        self.trouble = name
        self.note = f"From now on: {name}." if name != "nothing" else "Everything works again."


def _mark(frame: Frame) -> object:
    """What tells a frame from another: its hop grows as time goes on."""
    return frame.station, frame.when, frame.headline, frame.hop.id, frame.hop.host


def _said(reply: Reply) -> str:
    return " / ".join(str(reply).splitlines())
