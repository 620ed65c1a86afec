"""Service extensions: what an EHLO reply offers, also a strange one."""

import pytest

from smtplab.extensions import Extensions
from smtplab.replies import Reply


def offered(*lines: bytes, code: int = 250) -> Extensions:
    return Extensions.from_reply(Reply(code, (b"smtp.example.org greets you", *lines)))


def test_each_line_after_the_first_is_a_keyword_with_parameters() -> None:
    extensions = offered(b"SIZE 1000000", b"PIPELINING", b"auth PLAIN  LOGIN", b"X-A1 b=c")
    assert dict(extensions) == {
        "SIZE": ("1000000",),
        "PIPELINING": (),
        "AUTH": ("PLAIN", "LOGIN"),
        "X-A1": ("b=c",),
    }
    assert extensions.greeting == "smtp.example.org greets you"
    assert str(extensions) == "SIZE 1000000\nPIPELINING\nAUTH PLAIN LOGIN\nX-A1 b=c"


def test_keywords_are_found_in_any_case() -> None:
    extensions = offered(b"StartTLS")
    assert "starttls" in extensions
    assert extensions["starttls"] == ()
    assert not extensions.__contains__(250)
    with pytest.raises(KeyError):
        extensions["DSN"]


@pytest.mark.parametrize("line", [b"", b" ", b"=x", b"-X", b"A_B", b"\xc3\xa9", b"A\tB"])
def test_a_line_that_is_no_keyword_is_passed_over(line: bytes) -> None:
    assert dict(offered(line, b"DSN")) == {"DSN": ()}


@pytest.mark.parametrize("code", [500, 502, 421, 354, 251])
def test_only_250_offers_something(code: int) -> None:
    assert dict(offered(b"STARTTLS", code=code)) == {}


def test_the_first_line_is_no_keyword() -> None:
    assert len(Extensions.from_reply(Reply(250, (b"STARTTLS",)))) == 0


@pytest.mark.parametrize(
    ("lines", "mechanisms"),
    [
        ((b"AUTH PLAIN LOGIN",), ("PLAIN", "LOGIN")),
        ((b"AUTH login plain",), ("LOGIN", "PLAIN")),
        ((b"AUTH PLAIN", b"AUTH=PLAIN LOGIN"), ("PLAIN", "LOGIN")),
        ((b"AUTH",), ()),
        ((b"DSN",), ()),
    ],
)
def test_mechanisms_are_listed_once_in_the_order_of_the_server(
    lines: tuple[bytes, ...], mechanisms: tuple[str, ...]
) -> None:
    assert offered(*lines).auth_mechanisms == mechanisms


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        (b"SIZE 35882577", 35882577),
        (b"SIZE 0", None),
        (b"SIZE", None),
        (b"SIZE many", None),
        (b"SIZE -1", None),
        ("SIZE ٣".encode(), None),
        (b"SIZE " + b"9" * 5000, 10**20 - 1),
        (b"DSN", None),
    ],
)
def test_the_size_limit_is_a_number_or_nothing(line: bytes, limit: int | None) -> None:
    assert offered(line).size_limit == limit


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"DELIVERBY 300", 300),
        (b"DELIVERBY", 0),
        (b"DELIVERBY soon", 0),
        (b"DELIVERBY -5", 0),
        (b"DELIVERBY 300 400", 0),
        (b"DELIVERBY " + b"9" * 5000, 0),
        (b"DSN", 0),
    ],
)
def test_the_shortest_time_of_deliverby_is_a_number_or_nothing(line: bytes, seconds: int) -> None:
    """RFC 2852, 3: the parameter of the keyword may be left out."""
    assert offered(line).shortest_by == seconds
