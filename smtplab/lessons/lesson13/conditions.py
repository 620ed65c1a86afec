"""Lesson 13: what its exercises look for in mailboxes and sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import BOB, SUBMISSION
from smtplab.mail_object import MailObject
from smtplab.sandbox import StoredMail
from smtplab.sandbox.header_section import Fields
from smtplab.sandbox.little_internet import LAPTOP

VISITOR = "customer@bank.example"  # exercise 13.1: who filled in the form
WATCH, WARNING, WEB_SERVER = "grey@example.net", "Disk full", "www.example.org"  # 13.2
SHOP, NEWS = "shop.example", "Autumn teas"  # 13.3
READERS = (BOB, "small@example.net", "postmaster@example.net")
CODES, SIGNS_IN = "codes.example", "small@example.net"  # 13.4

_MAILBOX = re.compile(r"[^\s<>,]+@[^\s<>,]+")
_CODE = re.compile(r"\b\d{6}\b")

Holds = Callable[[Evidence, Conversation], bool]
Wanted = Callable[[StoredMail], bool]


def _sent(evidence: Evidence) -> Iterator[tuple[str, MailObject]]:
    """Every mail object that a server took, with the host that sent it."""
    for source in evidence.sandbox.addresses:
        for one in evidence.of(source):
            yield from ((source, mail) for mail in one.accepted())


def _arrived(evidence: Evidence, mailbox: str, *wanted: Wanted) -> list[StoredMail]:
    """What lies in an Inbox, was really sent there, and is as wanted."""
    contents = [mail.content for _, mail in _sent(evidence)]
    return [
        stored
        for stored in evidence.inbox(mailbox)
        if all(one(stored) for one in wanted)
        and any(stored.content.endswith(content) for content in contents)
    ]


def some(mailbox: str, *wanted: Wanted) -> Holds:
    """One such mail is there."""
    return lambda evidence, _: bool(_arrived(evidence, mailbox, *wanted))


def _field(stored: StoredMail, name: str) -> str:
    return Fields(stored.content).get(name)


def _mailboxes(text: str) -> list[str]:
    return [mailbox.lower() for mailbox in _MAILBOX.findall(text)]


def proven(stored: StoredMail) -> bool:
    """DMARC passed at the host that laid it there."""
    return (
        stored.verdict is not None
        and stored.verdict.checks is not None
        and stored.verdict.checks.dmarc.result == "pass"
    )


# 13.1: the form.


def replies_go_to_the_visitor(stored: StoredMail) -> bool:
    return VISITOR in _mailboxes(_field(stored, "Reply-To"))


def author_is_the_site(stored: StoredMail) -> bool:
    authors = _mailboxes(_field(stored, "From"))
    return bool(authors) and all(one.endswith("@example.org") for one in authors)


# 13.2: the alert.


def warns(stored: StoredMail) -> bool:
    return stored.subject == WARNING and bool(_field(stored, "Message-ID"))


def was_put_off(evidence: Evidence, _: Conversation) -> bool:
    """By hosts that write alerts: other programs of the lesson were put off there, too."""
    return any(
        exchange.code == 451 and WATCH in exchange.argument.lower()
        for source in (LAPTOP, SUBMISSION, WEB_SERVER)
        for one in evidence.of(source)
        for exchange in one.exchanges
    )


def once(evidence: Evidence, _: Conversation) -> bool:
    names = [_field(stored, "Message-ID") for stored in _arrived(evidence, WATCH, warns)]
    return any(names.count(name) == 1 for name in names) and len(set(names)) == 1


# 13.3: the campaign.


def _news(evidence: Evidence, reader: str, *wanted: Wanted) -> list[StoredMail]:
    """The news in one Inbox, each from the shop and in an envelope for this reader alone."""
    alone = {
        mail.content
        for source, mail in _sent(evidence)
        if source == SHOP and tuple(map(str.lower, mail.envelope.forward_paths)) == (reader,)
    }
    return [
        stored
        for stored in _arrived(evidence, reader, lambda mail: mail.subject == NEWS, *wanted)
        if any(stored.content.endswith(content) for content in alone)
    ]


def each(*wanted: Wanted) -> Holds:
    return lambda evidence, _: all(_news(evidence, reader, *wanted) for reader in READERS)


def hides_the_others(stored: StoredMail) -> bool:
    fields = Fields(stored.content)
    return len(_mailboxes(" ".join((*fields.all("To"), *fields.all("Cc"))))) == 1


def way_out(stored: StoredMail) -> bool:
    one_click = _field(stored, "List-Unsubscribe-Post").replace(" ", "")
    return (
        "<https://" in _field(stored, "List-Unsubscribe")
        and one_click == "List-Unsubscribe=One-Click"
    )


def signed(stored: StoredMail) -> bool:
    covered = {name.strip().lower() for name in _signed_names(stored)}
    return proven(stored) and {"list-unsubscribe", "list-unsubscribe-post"} <= covered


def _signed_names(stored: StoredMail) -> list[str]:
    tags = _field(stored, "DKIM-Signature").split(";")
    return next((tag.strip()[2:].split(":") for tag in tags if tag.strip().startswith("h=")), [])


def own_reverse_path_each(evidence: Evidence, _: Conversation) -> bool:
    wanted = (hides_the_others, way_out, signed)
    of_each = [
        {mail.envelope.reverse_path for mail in _news(evidence, reader, *wanted)}
        for reader in READERS
    ]
    return "" not in set().union(*of_each) and len(set().union(*of_each)) >= len(READERS)


# 13.4: the code.


def from_codes(stored: StoredMail) -> bool:
    return _mailboxes(_field(stored, "From")) == [f"login@{CODES}"]


def holds_a_code(stored: StoredMail) -> bool:
    return bool(_codes(stored))


def _codes(stored: StoredMail) -> list[str]:
    """Codes in the body as a mail program shows it, whatever its encoding."""
    bodies = [part.get_payload(decode=True) for part in stored.message.walk()]
    text = b" ".join(body for body in bodies if isinstance(body, bytes))
    return _CODE.findall(text.decode("utf-8", "replace"))


def no_code_in_front(stored: StoredMail) -> bool:
    """Neither as it is nor in groups, such as 112-358."""
    digits = re.sub(r"\D", "", stored.subject)
    return not _CODE.search(stored.subject) and not any(one in digits for one in _codes(stored))


def says_it_is_automatic(stored: StoredMail) -> bool:
    """The keyword, which parameters may follow (RFC 3834, 5)."""
    keyword = _field(stored, "Auto-Submitted").partition(";")[0]
    return keyword.strip().lower() == "auto-generated"
