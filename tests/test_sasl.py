"""SASL mechanisms from the client's side."""

import pytest

from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl import Login, Plain


def test_plain_sends_everything_at_once() -> None:
    method = Plain("alice@example.org", "grüße")
    octets = "\0alice@example.org\0grüße".encode()
    assert method.initial_response() == octets
    assert method.respond(b"") == octets


def test_plain_responds_to_one_challenge_only() -> None:
    """A server that goes on asking would otherwise keep the client for ever."""
    method = Plain("alice@example.org", "looking-glass")
    method.respond(b"")
    with pytest.raises(RemoteProtocolError, match="one challenge; a second came: b'again'"):
        method.respond(b"again")


@pytest.mark.parametrize(("username", "password"), [("a\0b", "c"), ("a", "b\0c")])
def test_plain_refuses_nul_which_separates_its_parts(username: str, password: str) -> None:
    with pytest.raises(LocalProtocolError, match="cannot hold NUL"):
        Plain(username, password)


def test_login_is_asked_for_the_username_then_the_password() -> None:
    method = Login("alice@example.org", "grüße")
    assert method.initial_response() is None
    assert method.respond(b"whatever it says") == b"alice@example.org"
    assert method.respond(b"whatever it says") == "grüße".encode()
    with pytest.raises(RemoteProtocolError, match="a third came: b'more'"):
        method.respond(b"more")
