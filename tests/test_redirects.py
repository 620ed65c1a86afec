"""Aliases and forwarders: what an expansion makes of one forward-path (RFC 5321, 3.9.1)."""

from datetime import UTC, datetime, timedelta

import pytest

from smtplab import Envelope, LocalProtocolError, MailObject
from smtplab.sandbox import srs
from smtplab.sandbox.mailing_list import MailingList
from smtplab.sandbox.redirects import AddressBook, Alias, Expansion, Locality, expand, is_redirected

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIL = MailObject(
    Envelope("ann@example.com", ("x@example.net",)), b"Subject: Tea\r\n\r\nAt five?\r\n"
)
MAILBOXES = {"bob@example.net", "carol@example.net"}


def place(*entries: Alias | MailingList, **more: object) -> Locality:
    def is_local(mailbox: str) -> bool:
        return mailbox.lower().endswith("@example.net")

    def has_mailbox(mailbox: str) -> bool:
        return mailbox.lower() in MAILBOXES

    return Locality(AddressBook(entries).find, is_local, has_mailbox, **more)  # type: ignore[arg-type]


def sent_on(expansion: Expansion) -> list[tuple[str, tuple[str, ...]]]:
    return [(m.envelope.reverse_path, m.envelope.forward_paths) for m in expansion.mails]


CASES = {
    "one": ({"x": ["bob"]}, ["bob"], []),
    "several": ({"x": ["bob", "carol"]}, ["bob", "carol"], []),
    "a chain": ({"x": ["y"], "y": ["z"], "z": ["bob"]}, ["bob"], []),
    "twice the same": ({"x": ["bob", "y"], "y": ["Bob", "carol"]}, ["bob", "carol"], []),
    "a loop": ({"x": ["y"], "y": ["x"]}, [], ["x -> y -> x"]),
    "a loop with a way out": ({"x": ["y", "bob"], "y": ["x"]}, ["bob"], ["x -> y -> x"]),
    "itself, no mailbox": ({"x": ["x"]}, [], ["x -> x"]),
    "two ways to one name": ({"x": ["y", "z"], "y": ["w"], "z": ["w"], "w": ["bob"]}, ["bob"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_an_alias_is_followed_to_its_end(case: str) -> None:
    entries, mailboxes, loops = CASES[case]
    book = [
        Alias(f"{name}@example.net", tuple(f"{one}@example.net" for one in members))
        for name, members in entries.items()
    ]
    found = expand(MAIL, "x@example.net", place(*book))
    expected = tuple(f"{one}@example.net" for one in mailboxes)
    assert sent_on(found) == ([("ann@example.com", expected)] if expected else [])
    told = [str(problem.reply).replace("@example.net", "") for problem in found.problems]
    assert told == [f"554 5.4.6 Routing loop: {way}" for way in loops]


@pytest.mark.parametrize("name", ["x", '"x"', r'"\x"'])
@pytest.mark.parametrize("said", ["x", '"x"', r'"\x"', "X"])
def test_all_quoted_forms_of_a_name_are_one(name: str, said: str) -> None:
    """RFC 5321, 4.1.2: which form somebody chose has no meaning."""
    here = place(Alias(f"{name}@example.net", ("bob@example.net",)))
    assert sent_on(expand(MAIL, f"{said}@example.net", here)) == [
        ("ann@example.com", ("bob@example.net",))
    ]


def test_a_name_with_no_members_is_told_to_the_sender() -> None:
    """The server said 250: what nobody gets must not vanish (RFC 5321, 6.1)."""
    found = expand(MAIL, "x@example.net", place(Alias("x@example.net", ())))
    assert [str(problem.reply) for problem in found.problems] == [
        "554 5.2.4 x@example.net has no members"
    ]


def test_an_alias_replaces_the_forward_path_and_nothing_else() -> None:
    """RFC 5321, 3.9.1: the rest of the envelope and the body are left unchanged."""
    envelope = Envelope(
        "ann@example.com",
        ("x@example.net",),
        {"SIZE": "30", "RET": "HDRS"},
        {"x@example.net": {"NOTIFY": "NEVER"}},
    )
    here = place(Alias("X@example.net", ("bob@example.net", "d@example.org")))
    (mail,) = expand(MailObject(envelope, MAIL.content), "x@example.net", here).mails
    assert mail.content == b"Delivered-To: x@example.net\r\n" + MAIL.content
    assert mail.envelope.reverse_path == "ann@example.com"
    assert mail.envelope.parameters == {"RET": "HDRS"}
    assert set(mail.envelope.recipient_parameters) == {"bob@example.net", "d@example.org"}


def test_an_alias_with_its_own_name_means_the_mailbox_behind_it() -> None:
    here = place(Alias("bob@example.net", ("bob@example.net", "d@example.org")))
    assert is_redirected(MAIL.content, "bob@example.net", here)
    (mail,) = expand(MAIL, "bob@example.net", here).mails
    assert mail.envelope.forward_paths == ("bob@example.net", "d@example.org")
    assert not is_redirected(mail.content, "bob@example.net", here)


def test_mail_that_has_been_at_a_name_is_not_sent_round_again() -> None:
    """Two hosts that forward to each other would never come to an end (RFC 5321, 6.3)."""
    here = place(Alias("x@example.net", ("y@example.org",)))
    (onward,) = expand(MAIL, "x@example.net", here).mails
    again = expand(onward, "x@example.net", here)
    assert not again.mails
    (problem,) = again.problems
    assert str(problem.reply) == "554 5.4.6 Routing loop: it has been at x@example.net before"
    assert problem.reverse_path == "ann@example.com"


def test_a_long_chain_costs_no_recursion() -> None:
    chain = [Alias(f"n{n}@example.net", (f"n{n + 1}@example.net",)) for n in range(3000)]
    found = expand(MAIL, "n0@example.net", place(*chain))
    assert sent_on(found) == [("ann@example.com", ("n3000@example.net",))]


def test_a_web_of_aliases_ends_soon() -> None:
    """Sixty levels with two ways each are 2**60 ways, and 120 names."""
    web = [
        Alias(f"{side}{n}@example.net", (f"a{n + 1}@example.net", f"b{n + 1}@example.net"))
        for n in range(60)
        for side in "ab"
    ]
    found = expand(MAIL, "a0@example.net", place(*web))
    assert sent_on(found) == [("ann@example.com", ("a60@example.net", "b60@example.net"))]


def test_no_envelope_has_more_forward_paths_than_every_host_takes() -> None:
    many = tuple(f"m{n}@example.org" for n in range(250))
    found = expand(MAIL, "x@example.net", place(Alias("x@example.net", many)))
    assert [len(mail.envelope.forward_paths) for mail in found.mails] == [100, 100, 50]


def test_a_member_that_is_no_mailbox_is_told_when_it_is_added() -> None:
    with pytest.raises(LocalProtocolError, match="bob"):
        AddressBook([Alias("x@example.net", ("bob",))])


def test_a_name_that_is_missing_is_told_with_those_there_are() -> None:
    book = AddressBook([Alias("x@example.net", ("bob@example.net",))])
    assert book["X@example.net"].members == ("bob@example.net",)
    assert book.members("x@example.net") == ("bob@example.net",) and not book.members("y")
    with pytest.raises(KeyError, match="there are x@example.net"):
        book["y@example.net"]


# The reverse-path of what is forwarded: SRS.


def rewrite(reverse_path: str, forwarder: str = "example.net") -> str:
    return srs.rewrite(reverse_path, forwarder, NOW)


def test_srs_rewrites_only_what_an_alias_sends_to_another_host() -> None:
    here = place(
        Alias("x@example.net", ("bob@example.net", "d@example.org", "tea@example.net")),
        MailingList("tea@example.net", "Tea", "bob@example.net", ("e@example.org",)),
        rewrite=rewrite,
    )
    assert sent_on(expand(MAIL, "x@example.net", here)) == [
        ("ann@example.com", ("bob@example.net",)),
        (rewrite("ann@example.com"), ("d@example.org",)),
        ("tea-bounces@example.net", ("e@example.org",)),
    ]


PATHS = ["ann@example.com", "a.b+c@example.com", "a=b=c@example.com", "SRS0=a@example.com"]


@pytest.mark.parametrize("path", PATHS)
def test_a_bounce_finds_back_through_srs(path: str) -> None:
    rewritten = rewrite(path)
    assert rewritten.endswith("@example.net") and rewritten != path
    for written in (rewritten, rewritten.lower(), rewritten.upper()):
        assert (srs.reverse(written, NOW) or "").lower() == path.lower()


def test_a_bounce_finds_back_through_three_forwarders() -> None:
    first = rewrite("ann@example.com", "one.example")
    second = rewrite(first, "two.example")
    third = rewrite(second, "three.example")
    assert second.startswith("SRS1=") and second.endswith("=ann@two.example")
    assert third.startswith("SRS1=") and len(third) <= len(second) + 5
    assert srs.reverse(third, NOW) == srs.reverse(second, NOW) == first
    assert srs.reverse(first, NOW) == "ann@example.com"


@pytest.mark.parametrize("path", ["", "x" * 60 + "@example.com", '"a b"@example.com'])
def test_a_path_that_cannot_be_rewritten_stays(path: str) -> None:
    assert rewrite(path) == path


def test_srs_sends_nothing_on_for_others() -> None:
    """Without the hash anybody could relay mail through the forwarder."""
    good = rewrite("ann@example.com")
    forged = [
        good.replace("ann", "eve"),
        good.replace("example.com", "example.org"),
        good[:5] + ("B" if good[5] != "B" else "C") + good[6:],
        "SRS0=@example.net",
        "SRS0====@example.net",
        "SRS1=AAAA=b==c@example.net",
        "SRS0@example.net",
        "bob@example.net",
        "",
        "SRS0=\u00e9\udce9==@example.net",
    ]
    assert [srs.reverse(path, NOW) for path in forged] == [None] * len(forged)


def test_an_srs_path_lasts_three_weeks() -> None:
    written = rewrite("ann@example.com")
    assert srs.reverse(written, NOW + timedelta(days=21)) == "ann@example.com"
    assert srs.reverse(written, NOW + timedelta(days=22)) is None
    assert srs.reverse(written, NOW - timedelta(days=1)) is None


def test_a_bounce_to_an_srs_path_goes_to_the_sender_from_the_null_reverse_path() -> None:
    here = place(unwrap=lambda forward_path: srs.reverse(forward_path, NOW))
    back = rewrite("ann@example.com")
    bounce = MailObject(Envelope("", (back,)), b"Subject: no\r\n\r\n")
    assert is_redirected(bounce.content, back, here)
    assert not is_redirected(bounce.content, back.replace("@example.net", "@example.org"), here)
    found = expand(bounce, back, here)
    assert sent_on(found) == [("", ("ann@example.com",))] and found.kind == "srs"
    assert found.mails[0].content == bounce.content
