"""What two ends tell of one connection, in a form that can be compared."""

from smtplab import Transcript
from smtplab.replay import steps
from smtplab.transcript import Kind
from smtplab.transcript.hiding import hide

Exchange = tuple[str, bool, bytes, list[str]]


def exchanges(transcript: Transcript, connection: str, end: str) -> list[Exchange]:
    """The steps of a connection as an end recorded them: name, TLS, line, replies.

    Content is left out, which no log holds, and the order of lines in a group that was pipelined:
    a server logs each of them when it comes to it.
    """
    found: list[Exchange] = []
    for one in steps(transcript.of(connection, end)):
        line = one.sent if one.sent and one.sent.kind is not Kind.MAIL_DATA else None
        octets = hide(line.octets, line.secrets) if line else b""
        found.append((one.name, one.tls, octets, list(map(str, one.replies))))
    return found
