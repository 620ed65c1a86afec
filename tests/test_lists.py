"""Mailing lists: what they do to the envelope and to the content (RFC 5321, 3.9.2)."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from smtplab import Envelope, MailObject
from smtplab.sandbox.mailing_list import MailingList
from smtplab.sandbox.redirects import AddressBook, Alias, Expansion, Locality, expand

CONTENT = (
    b"Received: from a.example ([192.0.2.1])\r\n\tby mx.example.net with ESMTP id m1;\r\n"
    b"\tMon, 02 Mar 2026 09:00:00 +0000\r\n"
    b"DKIM-Signature: v=1; d=example.org;\r\n  b=abc\r\n"
    b"From: Alice <alice@example.org>\r\nsubject:Tea\r\n\r\nAt five?\r\n"
)
MEMBERS = ("alice@example.org", "bob@example.net", "gone@example.net")


def tea_club(**switches: str | bool) -> MailingList:
    return MailingList("tea@example.net", "Tea club", "bob@example.net", MEMBERS, **switches)  # type: ignore[arg-type]


def expanded(*entries: MailingList | Alias, reverse_path: str = "alice@example.org") -> Expansion:
    mail = MailObject(Envelope(reverse_path, ("tea@example.net",)), CONTENT)
    here = Locality(
        AddressBook(entries).find, lambda name: name.endswith("@example.net"), lambda name: False
    )
    return expand(mail, "tea@example.net", here)


def as_members_see_it(content: bytes = CONTENT, **switches: str | bool) -> EmailMessage:
    octets = tea_club(**switches).content_for_members(content)
    return message_from_bytes(octets, policy=policy.default)


def test_bounces_go_to_the_list_and_not_to_the_author() -> None:
    (mail,) = expanded(tea_club()).mails
    assert mail.envelope == Envelope("tea-bounces@example.net", MEMBERS)
    assert mail.content.startswith(b"Delivered-To: tea@example.net\r\nReceived: ")


def test_a_list_adds_its_fields_and_touches_nothing_else() -> None:
    """Whatever an author's DKIM signature covers must come out octet for octet."""
    content = tea_club().content_for_members(CONTENT)
    trace, found, rest = content.partition(b"List-Id: Tea club <tea.example.net>\r\n")
    assert found and CONTENT.startswith(trace) and trace.startswith(b"Received: ")
    added, found, _ = rest.partition(b"DKIM-Signature:")
    assert added == (
        b"List-Post: <mailto:tea@example.net>\r\n"
        b"List-Unsubscribe: <mailto:tea-request@example.net?subject=unsubscribe>\r\n"
    )
    assert trace + rest.removeprefix(added) == CONTENT


def test_only_the_last_lists_fields_stay() -> None:
    """RFC 2369, 3: no more than one of each."""
    outer = b"List-Id: <a.example>\r\nLIST-unsubscribe:\r\n <mailto:x@a.example>\r\n" + CONTENT
    message = as_members_see_it(outer)
    assert message.get_all("List-Id") == ["Tea club <tea.example.net>"]
    assert len(message.get_all("List-Unsubscribe", [])) == 1


def test_one_click_is_a_link_and_the_word_to_post_there() -> None:
    message = as_members_see_it(one_click="https://lists.example.net/leave/1")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"  # RFC 8058, 3.1
    assert message["List-Unsubscribe"].startswith("<https://lists.example.net/leave/1>,")
    assert "mailto:tea-request@example.net" in message["List-Unsubscribe"]
    assert as_members_see_it()["List-Unsubscribe-Post"] is None


SUBJECTS = {
    b"subject:Tea": "[tea] Tea",
    b"Subject: Re: [tea] Tea": "Re: [tea] Tea",
    b"Subject:": "[tea]",
    b"X: y": "[tea]",
    b"Subject: =?utf-8?q?T=C3=A9?=": "[tea] T\u00e9",
}


@pytest.mark.parametrize("line", SUBJECTS)
def test_a_prefix_stands_in_each_subject_once(line: bytes) -> None:
    message = as_members_see_it(CONTENT.replace(b"subject:Tea", line), subject_prefix="[tea]")
    assert message.get_all("Subject") == [SUBJECTS[line]]


def test_no_line_becomes_longer_than_a_server_takes() -> None:
    """The next host would refuse the whole content (RFC 5321, 4.5.3.1.6)."""
    longest = b"Subject: " + b"x" * 989
    content = tea_club(subject_prefix="[tea]").content_for_members(longest + b"\r\n\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998


TYPES = {
    "none": (b"", True),
    "text": (b"Content-Type: text/plain; charset=utf-8\r\n", True),
    "html": (b"Content-Type: text/html\r\n", False),
    "parts": (b"Content-Type: multipart/mixed; boundary=x\r\n", False),
    "base64": (b"Content-Transfer-Encoding: base64\r\n", False),
}


@pytest.mark.parametrize("case", TYPES)
def test_a_footer_stands_below_plain_text_only(case: str) -> None:
    field, has_footer = TYPES[case]
    content = tea_club(footer="--\nTea club").content_for_members(field + CONTENT)
    assert content.endswith(b"\r\n--\r\nTea club\r\n") is has_footer
    assert has_footer or content.endswith(b"At five?\r\n")


AUTHORS = {
    b"From: Alice <alice@example.org>": "Alice via Tea club",
    b"From: alice@example.org": "alice via Tea club",
    b"From: =?utf-8?q?Z=C3=A9?= <z@example.org>": "Z\u00e9 via Tea club",
    b"From: =?no-such?q?a?= <z@example.org>": None,
    b"From: \xff\xfe": None,
    b"From:": "Somebody via Tea club",
    b"X: y": "Somebody via Tea club",
}


@pytest.mark.parametrize("line", AUTHORS)
def test_a_list_that_takes_over_from_leaves_the_author_in_reply_to(line: bytes) -> None:
    content = CONTENT.replace(b"From: Alice <alice@example.org>", line)
    message = as_members_see_it(content, takes_over_from=True)
    (author,) = message["From"].addresses
    assert author.addr_spec == "tea@example.net"
    assert author.display_name == AUTHORS[line] or AUTHORS[line] is None
    assert len(message.get_all("From", [])) == 1
    if b"@" in line:
        assert message["Reply-To"].addresses[0].addr_spec.endswith("@example.org")


def test_an_answer_goes_where_the_author_wanted_it() -> None:
    message = as_members_see_it(b"Reply-To: r@example.com\r\n" + CONTENT, takes_over_from=True)
    assert message.get_all("Reply-To") == ["r@example.com"]


# Lists in lists, and reports.


def test_a_list_in_a_list_is_a_sender_of_its_own() -> None:
    inner = MailingList("in@example.net", "In", "carol@example.org", ("x@example.com",))
    outer = MailingList("tea@example.net", "Tea", "bob@example.net", (*MEMBERS, inner.name))
    found = {mail.envelope.reverse_path: mail for mail in expanded(outer, inner).mails}
    assert found["tea-bounces@example.net"].envelope.forward_paths == MEMBERS
    assert found["in-bounces@example.net"].envelope.forward_paths == ("x@example.com",)
    assert found["in-bounces@example.net"].content.count(b"List-Id:") == 1


def test_a_loop_of_lists_is_told_to_the_owner_whose_list_loops() -> None:
    inner = MailingList("in@example.net", "In", "carol@example.org", ("tea@example.net",))
    outer = MailingList("tea@example.net", "Tea", "bob@example.net", (*MEMBERS, inner.name))
    found = expanded(outer, inner)
    (problem,) = found.problems
    assert problem.reverse_path == "in-bounces@example.net"
    assert str(problem.reply) == (
        "554 5.4.6 Routing loop: tea@example.net -> in@example.net -> tea@example.net"
    )
    assert len(found.mails) == 1


def test_a_report_to_a_list_reaches_its_owner_only() -> None:
    """A bounce that every member gets makes every member's robot bounce."""
    (mail,) = expanded(tea_club(), reverse_path="").mails
    assert mail.envelope == Envelope("", ("bob@example.net",)) and b"List-Id" not in mail.content


def test_the_lists_own_addresses_reach_the_owner() -> None:
    book = AddressBook([tea_club()])
    assert book.members("TEA-bounces@example.net") == ("bob@example.net",)
    assert book.members("tea-request@example.net") == ("bob@example.net",)
    assert book.members("tea@example.net") == MEMBERS
