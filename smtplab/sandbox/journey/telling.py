"""From the events of a transcript to journeys; what fell out of the transcript is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from smtplab.sandbox.journey.model import Hop, Journey, Step
from smtplab.sandbox.journey.sentences import sentence
from smtplab.transcript import Event, Kind

Key = tuple[str, str]  # host, id


class Journeys(tuple[Journey, ...]):
    """All journeys, in the order in which they began; a page shows them one below the other."""

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return "".join(one._repr_html_() for one in self)

    def find(self, id_: str) -> Journey:
        """The journey that a queue id, "ID at HOST" or a Message-ID belongs to.

        Raises `KeyError` with the ids there are, or those that may have been meant.
        """
        wanted = id_.strip()
        found = [one for one in self if any(wanted in _names(hop) for hop in one.hops)]
        first = [one for one in found if wanted in _names(one.start)]
        if len(first or found) == 1:
            return (first or found)[0]
        some = first or found or self
        there = ", ".join(f"{one.start.id} at {one.start.host}" for one in some) or "none yet"
        trouble = "several journeys have" if found else "no journey has"
        raise KeyError(f"{trouble} the id {id_!r}; journeys: {there}")


def _names(hop: Hop) -> tuple[str, ...]:
    with_brackets = hop.message_id or "?"
    return hop.id, f"{hop.id} at {hop.host}", with_brackets, with_brackets.strip("<>")


@dataclass
class _Draft:
    """A hop while its steps come in."""

    key: Key
    first: Event
    steps: list[tuple[list[Event], list[_Draft]]] = field(default_factory=list)
    has_parent: bool = False


def journeys(events: Iterable[Event]) -> Journeys:
    """All journeys that the events tell of."""
    drafts: dict[Key, _Draft] = {}
    by_connection: dict[str, list[_Draft]] = {}  # arrivals that no sender has claimed yet
    for event in events:
        key = str(event.detail.get("host")), str(event.detail.get("id"))
        if "id" not in event.detail:
            continue
        draft = drafts.setdefault(key, _Draft(key, event))
        if event.kind is Kind.QUEUED:
            _follow_parent(drafts, draft)
            continue
        following: list[_Draft] = []
        if event.kind is Kind.ACCEPTED:
            by_connection.setdefault(str(event.detail["via"]), []).append(draft)
        elif event.kind is Kind.OUTCOME and event.detail["result"] == "relayed":
            following = by_connection.pop(str(event.detail["via"]), [])
            for one in following:
                one.has_parent = True
        if draft.steps and _is_same(draft.steps[-1][0][-1], event):
            draft.steps[-1][0].append(event)
        else:
            draft.steps.append(([event], following))
    return Journeys(Journey(_hop(one)) for one in drafts.values() if not one.has_parent)


def _follow_parent(drafts: dict[Key, _Draft], draft: _Draft) -> None:
    """A mail object that a host made of another begins where the other one stands."""
    parent = drafts.get((draft.key[0], str(draft.first.detail["parent"])))
    if parent is not None:
        parent.steps.append(([draft.first], [draft]))
        draft.has_parent = True


def _is_same(before: Event, event: Event) -> bool:
    """Two recipients with one fate make one step."""
    told = "result", "reply", "via"
    return before.kind is event.kind is Kind.OUTCOME and all(
        before.detail[name] == event.detail[name] for name in told
    )


def _hop(draft: _Draft) -> Hop:
    about = draft.first.detail
    return Hop(
        host=draft.key[0],
        id=draft.key[1],
        why=str(about.get("why", "")),
        reverse_path=str(about.get("reverse_path", "")),
        forward_paths=tuple(_paths(about.get("forward_paths"))),
        message_id=str(about.get("message_id", "")),
        subject=str(about.get("subject", "")),
        steps=tuple(_step(events, following) for events, following in draft.steps),
    )


def _step(events: list[Event], following: list[_Draft]) -> Step:
    event = events[0]
    named = (one.detail.get("forward_path") or one.detail.get("mailbox") for one in events)
    mailboxes = tuple(str(name) for name in named if name)
    return Step(
        kind=str(event.kind),
        result=str(event.detail.get("result", "")),
        world_time=event.world_time,
        text=sentence(event, mailboxes),
        connection=str(event.detail.get("via", "")),
        mailboxes=mailboxes,
        folder=str(event.detail.get("folder", "")),
        leads_to=tuple(map(_hop, following)),
    )


def _paths(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from map(str, value)
