"""The four errors: whose fault it is, and what a caller may catch."""

import pytest

from smtplab.errors import (
    ConnectionLost,
    LocalProtocolError,
    NegativeReply,
    RemoteProtocolError,
    SMTPLabError,
)
from smtplab.replies import Reply


@pytest.mark.parametrize(
    ("error", "also"),
    [
        (LocalProtocolError, ValueError),
        (RemoteProtocolError, Exception),
        (ConnectionLost, ConnectionError),
        (NegativeReply, Exception),
    ],
)
def test_each_error_is_an_smtplab_error_and_what_its_name_says(
    error: type[Exception], also: type[Exception]
) -> None:
    assert issubclass(error, SMTPLabError)
    assert issubclass(error, also)


def test_only_a_lost_connection_is_an_operating_system_error() -> None:
    """Code that catches OSError around a read must not swallow a broken rule."""
    names = [one.__name__ for one in SMTPLabError.__subclasses__() if issubclass(one, OSError)]
    assert names == ["ConnectionLost"]


def test_a_negative_reply_carries_the_reply() -> None:
    reply = Reply(550, (b"5.1.1 no such mailbox",))
    error = NegativeReply("bob@example.net was refused", reply)
    assert error.reply is reply
    assert str(error) == "bob@example.net was refused"
