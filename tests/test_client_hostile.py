"""The client against servers that mean harm: silence and resets at each step, false promises."""

import socket
import struct

import pytest

from smtplab import ConnectionLost, Envelope, Fate, MailObject, Settings, State, send
from smtplab.errors import SMTPLabError
from tests.peers import Cut, ImpatientAfter, Item, Peer
from tests.test_client import CUTS, HANDSHAKE, transaction, whole

GREETING, BYE = b"220 smtp.example.org\r\n", b"221 bye\r\n"


class Resetting(Peer):
    """It ends its script with RST instead of FIN, as a firewall does."""

    def _play_script(self) -> None:
        super()._play_script()
        no_time = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)


@pytest.mark.parametrize("place", CUTS)
def test_a_reset_at_each_step_is_one_clear_error(place: int) -> None:
    with Resetting(*whole()[:place], Cut.AT_ONCE) as peer:
        client = None
        with pytest.raises(SMTPLabError) as caught:
            client = peer.connect()
            transaction(client)
        assert "\n" not in str(caught.value) and "[Errno" not in str(caught.value)
        assert client is None or client.state is State.CLOSED


@pytest.mark.parametrize("place", [*CUTS, HANDSHAKE])
def test_silence_at_each_step_is_one_clear_error_in_time(place: int) -> None:
    script: list[Item] = [*whole()[:place], b""]
    replies = sum(isinstance(item, bytes) and item != b"" for item in script)
    limit = ImpatientAfter(replies=replies - (place == HANDSHAKE), seconds=0.3)
    with Peer(*script) as peer:
        client = None
        with pytest.raises(SMTPLabError) as caught:
            client = peer.connect(settings=Settings(timeout=limit))
            transaction(client)
        told = str(caught.value)
        in_handshake = "did not finish the TLS handshake in time" in told
        assert isinstance(caught.value, ConnectionLost)
        assert in_handshake or "within 0.3 seconds" in told
        after = State.CLOSED if in_handshake else State.OUT_OF_STEP
        assert client is None or client.state is after


def test_a_server_that_offers_pipelining_and_answers_one_at_a_time_gets_all() -> None:
    """It promised more than it does: its replies come in pieces, and late."""
    mail = MailObject(Envelope("a@example.org", ("b@example.net",)), b"\r\n")
    script = (GREETING, b"250-x\r\n250 PIPELINING\r\n", b"250 mail\r\n", b"250 rcpt\r\n",
        b"354 go\r\n", b"250 yes\r\n", BYE)  # fmt: skip
    with Peer(*script) as peer:

        def connect():
            client = peer.connect()
            client.ehlo()
            return client

        report = send([mail], connect, progress=lambda done, total: None)
    assert [sent.fate for sent in report] == [Fate.ACCEPTED]


@pytest.mark.parametrize(
    ("offer", "reply"),
    [
        (b"250-x\r\n250 STARTTLS\r\n", b"454 4.7.0 no\r\n"),
        (b"250-x\r\n250 AUTH PLAIN\r\n", b"504 5.5.4 no\r\n"),
        (b"250-x\r\n250 CHUNKING\r\n", b"500 5.5.1 no\r\n"),
        (b"250-x\r\n250 SIZE 99999999999999999999\r\n", b"552 5.3.4 no\r\n"),
    ],
    ids=["STARTTLS", "AUTH", "CHUNKING", "SIZE"],
)
def test_a_keyword_that_lies_ends_in_a_reply_and_the_session_goes_on(
    offer: bytes, reply: bytes
) -> None:
    with Peer(GREETING, offer, reply, b"250 ok\r\n") as peer:
        client = peer.connect()
        client.ehlo()
        said = {
            b"STARTTLS": client.starttls,
            b"AUTH": lambda: client.auth("alice@example.org", "looking-glass"),
            b"CHUNKING": lambda: client.bdat(b"x", last=True),
            b"SIZE": lambda: client.mail("a@example.org", {"SIZE": 1}),
        }[offer.split(b"250 ")[1].split()[0]]()
        assert said.octets == reply
        assert not client.session.tls and client.session.identity is None
        assert client.noop().code == 250 and client.state is State.READY


@pytest.mark.parametrize(
    "keyword", [b"SIZE -1", b"SIZE x", b"LIMITS RCPTMAX=0", b"AUTH", b"=", b""]
)
def test_a_keyword_that_makes_no_sense_breaks_nothing(keyword: bytes) -> None:
    with Peer(GREETING, b"250-x\r\n250 " + keyword + b"\r\n", b"250 ok\r\n") as peer:
        client = peer.connect()
        assert client.ehlo().code == 250
        assert client.extensions is not None and client.extensions.auth_mechanisms == ()
        assert client.noop().code == 250
