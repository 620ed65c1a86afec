"""What shows a frame of a journey: its conversation, and the header fields that a host added.

Everything is read where it was recorded: the transcript, the queues, the mailboxes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from smtplab.mail_object import header_section
from smtplab.sandbox import Sandbox
from smtplab.sandbox.journey import Hop, Step
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.trace import trace_id
from smtplab.transcript import Event, Kind
from smtplab.widgets.journey_player.frames import Fate, Frame, Known, Station

_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")  # RFC 5322, 2.2
_RESULTS = ("authentication-results", "x-content-score")  # RFC 8601, 2; the score is our own


class Evidence:
    """Looks things up in one sandbox, and remembers them while the page is drawn."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._verdicts = [one for one in sandbox.verdicts if one.phase == "end of data"]
        self.known = Known(self._door, self._verdict)

    def conversation(self, connection: str) -> tuple[Event, ...]:
        """A connection as its server saw it; () if there was none or it is not kept any more."""
        return self._sandbox.transcript.of(connection, "server") if connection else ()

    def fields(self, frame: Frame) -> tuple[str, ...]:
        """The header fields that the host of a frame put into the header section there."""
        hop, kinds = frame.hop, _ADDS.get(frame.station, ())
        if frame.station is Station.END:
            kinds = {"Sent on": ("other",), "Report": ()}.get(frame.end, ("return-path",))
        elif frame.station is Station.VERDICT and frame.verdict is not None:
            hop = self._hop_at(hop, frame.verdict.connection)
        elif frame.station is Station.PORT_25:
            hop = self._hop_at(hop, frame.connection)
            if hop is frame.hop and frame.fate is not Fate.ON:
                return ()  # nobody took it, so nobody added anything
        if not kinds:
            return ()
        fields = _added(self._came(hop), self._left(hop))
        return tuple(one for one in fields if _kind(one, hop) in kinds)

    # Inside.

    def _door(self, connection: str) -> tuple[str, str, int]:
        for event in self.conversation(connection):
            if event.kind is Kind.CONNECT:
                detail = event.detail
                port = detail.get("port")
                number = port if isinstance(port, int) else 0
                return str(detail.get("source")), str(detail.get("host")), number
        return "the client", "the server", 0

    def _verdict(self, connection: str, hop: Hop) -> DeliveryVerdict | None:
        """The one that lies with the mail, or else the only one of the connection."""
        for step in hop.steps:
            if step.kind == "delivered" and (stored := self._stored(hop, step)):
                return stored.verdict
        found = [one for one in self._verdicts if connection and one.connection == connection]
        return found[0] if len(found) == 1 else None

    def _hop_at(self, hop: Hop, connection: str) -> Hop:
        """Where a mail object came to by a connection: the next hop, or this one."""
        for step in hop.steps:
            for following in step.leads_to:
                if step.connection == connection and not following.why:
                    return following
        return hop

    def _came(self, hop: Hop) -> bytes:
        """The content as it reached a host; b"" for what the host made itself."""
        accepted = next((one for one in hop.steps if one.kind == "accepted"), None)
        return self._sent(accepted.connection, hop.id) if accepted is not None else b""

    def _left(self, hop: Hop) -> bytes:
        """The content as it left a host, or as it lies there; b"" if nobody can say."""
        for step in hop.steps:
            for following in step.leads_to:
                if step.result == "relayed" and (sent := self._sent(step.connection, following.id)):
                    return sent
            if step.kind == "delivered" and (stored := self._stored(hop, step)):
                return stored.content
        for step in hop.steps:
            for made in step.leads_to:
                if made.why not in ("", "report") and (sent := self._left(made)):
                    return sent
        waiting = (i for i in self._sandbox.queue if (i.host, i.id) == (hop.host, hop.id))
        item = next(waiting, None)
        return item.mail.content if item is not None else self._returned(hop)

    def _sent(self, connection: str, mail_id: str) -> bytes:
        """The mail data on a connection that the server then accepted under an id."""
        data: dict[int, bytes] = {}
        for event in self.conversation(connection):
            if event.kind is Kind.MAIL_DATA:
                data[event.step] = event.octets
            elif event.kind is Kind.REPLY and event.octets.endswith(f" {mail_id}\r\n".encode()):
                return data.get(event.step, b"")
        return b""

    def _stored(self, hop: Hop, step: Step) -> StoredMail | None:
        mailbox = self._sandbox.mailbox(step.mailboxes[0])
        wanted = {f"{hop.id} at {hop.host}", f"{hop.id.partition('.')[0]} at {hop.host}"}
        newest_first = reversed(mailbox.folder(step.folder))
        return next((one for one in newest_first if trace_id(one.content) in wanted), None)

    def _returned(self, hop: Hop) -> bytes:
        """The header section that a report gave back (RFC 3464, 2; RFC 3462, 2)."""
        for step in hop.steps:
            for report in step.leads_to:
                for told in report.steps:
                    if report.why == "report" and told.kind == "delivered":
                        for one in self._sandbox.mailbox(told.mailboxes[0]).folder(told.folder):
                            if f'boundary="={report.id}="'.encode() in one.content:
                                return _last_part(one.content)
        return b""


_ADDS = {
    Station.SUBMISSION: ("trace", "other"),
    Station.PORT_25: ("trace",),
    Station.VERDICT: ("results",),
}


def _kind(field: str, hop: Hop) -> str:
    """Whose work a header field is."""
    name = field.partition(":")[0].strip().lower()
    if name in _RESULTS:
        return "results"
    if name == "received" and f" id {hop.id};" in field:
        return "trace"
    return name if name == "return-path" else "other"


def _last_part(report: bytes) -> bytes:
    """The header section inside a report, from its trace fields on."""
    at = report.rfind(b"\r\nReceived: ")
    return report[at + 2 :] if at >= 0 else b""


def _added(before: bytes, after: bytes) -> tuple[str, ...]:
    """The fields of one header section that the other had not, in their order."""
    had = Counter(_fields(before))
    added = []
    for field in _fields(after):
        if had[field]:
            had[field] -= 1
        else:
            added.append(field.decode("utf-8", "backslashreplace"))
    return tuple(added) if before else ()


def _fields(content: bytes) -> Iterable[bytes]:
    return _FIELD.findall(header_section(content))
