"""A journey: hops from host to host, each with its steps in order (RFC 5598, 2.2 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from smtplab.sandbox.journey import rendering


@dataclass(frozen=True)
class Step:
    """One thing that happened to a mail object at a host, in words for a newcomer.

    `kind` is that of the event: "accepted", "queued", "attempt", "looked-up", "outcome" or
    "delivered". `connection` names the conversation that shows it, "" if there was none.
    `leads_to` are the hops that begin here: at the next host, or of what was made of this one.
    """

    kind: str
    result: str  # of an outcome: "delivered", "relayed", "expanded", "deferred", "failed"
    world_time: datetime
    text: str
    connection: str = ""
    mailboxes: tuple[str, ...] = ()  # of an outcome the forward-paths, of a delivery the mailbox
    folder: str = ""  # of a delivery
    leads_to: tuple[Hop, ...] = ()


@dataclass(frozen=True)
class Hop:
    """One mail object at one host, and everything that came of it."""

    host: str
    id: str
    why: str  # "" if it came from outside; "alias", "list", "srs" or "report" if made of another
    reverse_path: str
    forward_paths: tuple[str, ...]
    message_id: str
    subject: str
    steps: tuple[Step, ...]

    def walk(self) -> Iterator[Hop]:
        """This hop and all that follow from it, each before those that it leads to."""
        yield self
        for step in self.steps:
            for hop in step.leads_to:
                yield from hop.walk()


@dataclass(frozen=True)
class Journey:
    """Everything that became of one mail object, from its first host on."""

    start: Hop

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Every hop, those of reports and of lists' copies included."""
        return tuple(self.start.walk())

    @property
    def steps(self) -> tuple[tuple[Hop, Step], ...]:
        """Every step with its hop, in the order in which it is told: what a player plays."""
        return tuple(_played(self.start))

    @property
    def connections(self) -> tuple[str, ...]:
        """The conversations on the way, by the names that the transcript has for them."""
        return tuple(dict.fromkeys(step.connection for _, step in self.steps if step.connection))

    @property
    def folders(self) -> tuple[tuple[str, str], ...]:
        """Where it lies now: mailbox and folder of each copy, those of reports left out."""
        return tuple(_folders(self.start))

    @property
    def reports(self) -> tuple[Journey, ...]:
        """The journeys of the delivery status notifications that it gave rise to."""
        return tuple(Journey(hop) for hop in self.hops if hop.why == "report")

    @property
    def is_over(self) -> bool:
        """Whether nothing of it waits in a queue any more."""
        return all(map(_is_settled, self.hops))

    def __str__(self) -> str:
        return rendering.as_text(self)

    def _repr_html_(self) -> str:
        return rendering.as_html(self)

    def __repr__(self) -> str:
        start = self.start
        return f"<Journey of {start.id} at {start.host}: {len(self.hops)} hops>"


def _played(hop: Hop) -> Iterator[tuple[Hop, Step]]:
    for step in hop.steps:
        yield hop, step
        for following in step.leads_to:
            yield from _played(following)


def _folders(hop: Hop) -> Iterator[tuple[str, str]]:
    for step in hop.steps:
        if step.folder:
            yield step.mailboxes[0], step.folder
        for following in step.leads_to:
            if following.why != "report":
                yield from _folders(following)


def _is_settled(hop: Hop) -> bool:
    """The last word on each recipient is no "not now", unless a report said that it is over."""
    last = {name: step.result for step in hop.steps for name in step.mailboxes if step.result}
    tried = bool(last) or hop.steps[-1:] != () and hop.steps[-1].kind == "delivered"
    told = any(one.why == "report" for step in hop.steps for one in step.leads_to)
    return tried and (told or "deferred" not in last.values())
