"""What the hosts tell of each mail object on its way, as events of the world's transcript.

Nothing else joins a mail object at one host to that at the next: queue ids are a host's own
(RFC 5321, 4.4), and the content is not asked. `journey.py` reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from smtplab.mail_object import MailObject
from smtplab.replies import Reply
from smtplab.sandbox.dns import Query
from smtplab.sandbox.header_section import Fields
from smtplab.transcript import Kind, Recorder

MAX_NAMED = 100  # forward-paths that one event names; more are counted
MAX_HEADER = 16_384  # octets that are looked through for Message-ID and Subject


@dataclass(frozen=True)
class Place:
    """One mail object at one host."""

    host: str
    id: str

    def __str__(self) -> str:
        return f"{self.id} at {self.host}"


@dataclass(frozen=True)
class Origin:
    """What a host made a mail object of."""

    parent: str  # the id of the other one
    why: str  # "alias", "list", "srs" or "report"
    name: str = ""  # the alias, the list or the SRS path


class Trail:
    """Writes the events; every one names the place that it is about."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def accepted(self, place: Place, mail: MailObject, via: str) -> None:
        """A client got 250 after the end of mail data, on connection `via`."""
        self._record(Kind.ACCEPTED, place, {"via": via} | _about(mail))

    def queued(self, place: Place, mail: MailObject, origin: Origin) -> None:
        """The host itself made a mail object of another."""
        self._record(Kind.QUEUED, place, asdict(origin) | _about(mail))

    def attempt(self, place: Place, number: int) -> None:
        self._record(Kind.ATTEMPT, place, {"number": number})

    def looked_up(self, place: Place, query: Query) -> None:
        """The host asked the DNS where to go."""
        told: dict[str, object] = {
            "name": query.name,
            "type": query.type,
            "records": list(query.records),
        }
        if query.failure:
            told["failure"] = query.failure
        self._record(Kind.LOOKED_UP, place, told)

    def outcome(self, place: Place, forward_path: str, result: str, by: tuple[Reply, str]) -> None:
        """What one attempt did for one forward-path: "delivered", "relayed", "expanded",
        "deferred" or "failed", by which reply, on which connection ("" for none)."""
        reply, via = by
        told = {"forward_path": forward_path, "result": result, "via": via}
        text = " / ".join(str(reply).splitlines())
        self._record(Kind.OUTCOME, place, told | {"reply": text})

    def _record(self, kind: Kind, place: Place, detail: Mapping[str, object]) -> None:
        self._recorder.record(kind, 0, detail={"host": place.host, "id": place.id, **detail})


def _about(mail: MailObject) -> dict[str, object]:
    forward_paths = mail.envelope.forward_paths
    named = [*forward_paths[:MAX_NAMED]]
    if len(forward_paths) > MAX_NAMED:
        named.append(f"{len(forward_paths) - MAX_NAMED} more")
    fields = Fields(mail.content[:MAX_HEADER])
    return {
        "reverse_path": mail.envelope.reverse_path,
        "forward_paths": named,
        "message_id": fields.get("Message-ID"),
        "subject": fields.get("Subject"),
    }
