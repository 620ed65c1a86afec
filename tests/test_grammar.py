"""The grammar of command arguments: what RFC 5321, 4.1.2 takes, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.errors import LocalProtocolError
from smtplab.grammar import is_ehlo_name, is_mailbox, parse_parameters, parse_path

PATHS = {
    "<alice@example.org>": ("alice", "example.org"),
    "<>": ("", ""),
    "<Postmaster>": ("Postmaster", ""),
    "<POSTMASTER>": ("POSTMASTER", ""),
    "<a.b.c@example.org>": ("a.b.c", "example.org"),
    "<!#$%&'*+-/=?^_`{|}~@example.org>": ("!#$%&'*+-/=?^_`{|}~", "example.org"),
    '<"a b"@example.org>': ('"a b"', "example.org"),
    '<"a@b>c"@example.org>': ('"a@b>c"', "example.org"),
    r'<"a\"\\"@example.org>': (r'"a\"\\"', "example.org"),
    '<""@example.org>': ('""', "example.org"),
    "<a@b>": ("a", "b"),
    "<a@xn--bcher-kva.example>": ("a", "xn--bcher-kva.example"),
    "<a@[192.0.2.1]>": ("a", "[192.0.2.1]"),
    "<a@[255.255.255.255]>": ("a", "[255.255.255.255]"),
    "<a@[IPv6:2001:db8::1]>": ("a", "[IPv6:2001:db8::1]"),
    "<a@[tag-1:content]>": ("a", "[tag-1:content]"),
    "<@one.example,@two.example:a@example.org>": ("a", "example.org"),
    "<bøb@bücher.example>": ("bøb", "bücher.example"),
    f"<{'a' * 64}@example.org>": ("a" * 64, "example.org"),
}


@pytest.mark.parametrize(("text", "parts"), PATHS.items(), ids=ascii)
@pytest.mark.parametrize("rest", ["", "SIZE=1 BODY=7BIT"], ids=["alone", "with parameters"])
def test_a_path_is_read(text: str, parts: tuple[str, str], rest: str) -> None:
    path, found = parse_path(f"{text} {rest}" if rest else text)
    assert (path.local_part, path.domain, found) == (*parts, rest)
    assert parse_path(str(path))[0] == path


NOT_PATHS = [
    "", "alice@example.org", "<alice@example.org", "a@example.org>", "<alice>", "<@example.org>",
    "<alice@>", "< alice@example.org>", "<alice@example.org >", " <alice@example.org>", "<a b@c>",
    "<.a@example.org>", "<a.@example.org>", "<a..b@example.org>", "<a@b@example.org>", "<<a@b>>",
    "<a@-b>", "<a@b->", "<a@.b>", "<a@b.>", "<a@b..c>", "<a@b_c>", "<a@[192.0.2.256]>",
    "<a@[192.0.2]>", "<a@[192.0.2.1.1]>", "<a@[IPv6:zz]>", "<a@[]>", "<a@[::1]>",
    "<a@[١.2.3.4]>", '<"a@example.org>', '<"a"b"@example.org>', "<a\0@example.org>",
    "<a@example.org>\r\n", "<a@example.org>x", "<a@example.org> ", "<a@example.org>\tx", "<a(b)@c>",
    "<\udcff@example.org>", "<a@\udcff.example>", "<Postmaster@>", "<Postmasters>", "<@a:>",
    "<a@example.org>\n",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PATHS, ids=ascii)
def test_what_is_no_path_is_refused_and_shown(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_path(text)
    assert repr(text) in str(caught.value) or repr(text.partition(">")[2]) in str(caught.value)


def domain_of(octets: int) -> str:
    """A domain of exactly so many octets."""
    labels = ".".join(["d" * 9] * (octets // 10 + 1))
    return labels[: octets - 1] + "e"


@pytest.mark.parametrize(
    ("fits", "does_not"),
    [
        (f"<{'a' * 64}@b.example>", f"<{'a' * 65}@b.example>"),
        (f"<{'é' * 32}@b.example>", f"<{'é' * 33}@b.example>"),
        (f"<a@{domain_of(252)}>", f"<a@{domain_of(253)}>"),
        (f"<a@{'é' * 126}>", f"<a@{'é' * 127}>"),
        (f"<@{domain_of(241)}:a@b.example>", f"<@{domain_of(242)}:a@b.example>"),
    ],
    ids=["local-part", "local-part in UTF-8", "path", "path in UTF-8", "path with a source route"],
)
def test_the_limits_count_octets(fits: str, does_not: str) -> None:
    assert len(fits.encode()) <= 256
    assert parse_path(fits)[0].local_part
    with pytest.raises(LocalProtocolError, match="longer than 256|may hold 64"):
        parse_path(does_not)


@given(st.text() | st.from_regex(r"<[a.@\[\]:\"\\1]*>[ a=]*"))
def test_no_text_raises_anything_but_a_local_protocol_error(text: str) -> None:
    try:
        path, rest = parse_path(text)
        assert text.startswith("<") and text.endswith(rest)
        assert path.is_null == (path.mailbox == "")
        parse_parameters(rest)
    except LocalProtocolError:
        pass


def test_a_long_hostile_path_takes_no_long_time() -> None:
    """A pattern that backtracks would stop the server for hours on a line like this."""
    for part in ("a", "a.", "@a,", '"', "\\", "a-", "[1."):
        for start in ("<", "<a@", '<"', "<@", "<a@["):
            with pytest.raises(LocalProtocolError):
                parse_path(start + part * 20_000)


def test_a_path_tells_what_it_is() -> None:
    assert parse_path("<>")[0].is_null
    assert not parse_path("<a@b>")[0].is_null
    assert parse_path("<Postmaster>")[0].mailbox == "Postmaster"
    assert parse_path("<a@b>")[0].is_ascii
    assert not parse_path("<ä@b>")[0].is_ascii
    assert not parse_path("<a@ä>")[0].is_ascii


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        ("SIZE=120", {"SIZE": "120"}),
        ("smtputf8 Body=8bitMIME", {"SMTPUTF8": None, "BODY": "8bitMIME"}),
        ("X-A-1=<>;:", {"X-A-1": "<>;:"}),
        ("1=ü", {"1": "ü"}),
    ],
)
def test_parameters_are_read(text: str, parameters: dict[str, str | None]) -> None:
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "''"),
        ("SIZE=1 ", "''"),
        ("SIZE=1  X", "''"),
        ("SIZE=", "'SIZE='"),
        ("=1", "'=1'"),
        ("-A=1", "'-A=1'"),
        ("A=b=c", "'A=b=c'"),
        ("A_B=1", "'A_B=1'"),
        ("A=1\t2", r"'A=1\\t2'"),
        ("A=\0", r"'A=\\x00'"),
        ("SIZE=1 size=2", "SIZE is given twice"),
    ],
)
def test_what_is_no_parameter_is_refused_and_shown(text: str, why: str) -> None:
    with pytest.raises(LocalProtocolError, match=why):
        parse_parameters(text)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("laptop.example.org", True),
        ("localhost", True),
        ("[192.0.2.1]", True),
        ("[IPv6:2001:db8::1]", True),
        ("", False),
        ("a b", False),
        ("a_b.example", False),
        ("192.0.2.1]", False),
        ("a.example\n", False),
        (domain_of(255), True),
        (domain_of(256), False),
    ],
)
def test_an_ehlo_name_is_a_domain_or_an_address_literal(name: str, good: bool) -> None:
    assert is_ehlo_name(name) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [("bob@example.net", True), ("<bob@example.net>", False), ("bob@example.net\n", False)],
)
def test_a_mailbox_stands_without_angle_brackets(text: str, good: bool) -> None:
    assert is_mailbox(text) is good
