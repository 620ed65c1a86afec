"""Where mail goes on to: aliases, forwarders and mailing lists at a host (RFC 5321, 3.9).

An alias replaces the forward-path and keeps the reverse-path (3.9.1); when its mailboxes are on
another host it is called a forwarder, and SPF fails there unless SRS mends the reverse-path. A
mailing list puts its own reverse-path in (3.9.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from smtplab.grammar import parse_path, unquoted
from smtplab.mail_object import Envelope, MailObject
from smtplab.replies import Reply
from smtplab.sandbox.header_section import Fields
from smtplab.sandbox.mailing_list import MailingList

MAX_FORWARD_PATHS = 100  # of one envelope: every host takes so many (RFC 5321, 4.5.3.1.8)


@dataclass
class Alias:
    """A name for one or more mailboxes, here or elsewhere (RFC 5321, 3.9.1)."""

    name: str
    members: tuple[str, ...]

    kind = "alias"


Redirect = Alias | MailingList


@dataclass(frozen=True)
class Problem:
    """A name that cannot be expanded, and who hears of it."""

    name: str
    reverse_path: str
    reply: Reply


@dataclass(frozen=True)
class Expansion:
    """What becomes of one forward-path: mail objects to send on, and names that lead nowhere."""

    name: str
    kind: str  # "alias", "list" or "srs"
    mails: tuple[MailObject, ...]
    problems: tuple[Problem, ...] = ()


class AddressBook:
    """All aliases and lists of the world, by name."""

    def __init__(self, entries: Iterable[Redirect] = ()) -> None:
        self._entries: dict[str, Redirect] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Redirect) -> None:
        """Add an alias or a list; one of the same name is replaced.

        A list brings its two addresses with it, for bounces and for requests to its owner.
        Raises `LocalProtocolError` for a member that is no mailbox.
        """
        for name in (entry.name, *entry.members):
            parse_path(f"<{name}>")
        self._entries[_key(entry.name)] = entry
        if isinstance(entry, MailingList):
            for name in (entry.bounces, entry.request):
                self._entries[_key(name)] = Alias(name, (entry.owner,))

    def find(self, mailbox: str) -> Redirect | None:
        return self._entries.get(_key(mailbox))

    def members(self, name: str) -> tuple[str, ...]:
        """Who gets what is sent to a name: what EXPN tells (RFC 5321, 3.5.1); () if nobody."""
        entry = self.find(name)
        return entry.members if entry else ()

    def __getitem__(self, name: str) -> Redirect:
        """An alias or a list, to be changed; `KeyError` lists the names there are."""
        entry = self.find(name)
        if entry is None:
            raise KeyError(f"no alias or list {name!r}; there are {', '.join(self)}")
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)


@dataclass(frozen=True)
class Locality:
    """What a host knows when it expands a name. `rewrite` is SRS, or leaves a path as it is."""

    find: Callable[[str], Redirect | None]
    is_local: Callable[[str], bool]
    has_mailbox: Callable[[str], bool]
    rewrite: Callable[[str], str] = str
    unwrap: Callable[[str], str | None] = lambda forward_path: None  # SRS, the other way


def _key(mailbox: str) -> str:
    local_part, at, domain = mailbox.rpartition("@")
    return f"{unquoted(local_part)}{at}{domain}".lower()


def is_redirected(content: bytes, name: str, here: Locality) -> bool:
    """Whether mail for a name goes on to others instead of into a mailbox of that name.

    What has been at the name already ends in the mailbox behind it: that is no loop.
    """
    if here.find(name) is None:
        return here.is_local(name) and here.unwrap(name) is not None
    return not (here.has_mailbox(name) and name.lower() in _been_at(content))


def expand(mail: MailObject, name: str, here: Locality) -> Expansion:
    """Follow a name to its end: one mail object a reverse-path, one copy a mailbox in each.

    An alias that names itself means the mailbox behind it.
    """
    entry = here.find(name)
    if entry is None:
        bounced_to = here.unwrap(name)
        if bounced_to is None:
            raise KeyError(name)
        onward = replace(mail, envelope=replace(mail.envelope, forward_paths=(bounced_to,)))
        return Expansion(name, "srs", (onward,))
    walk = _Walk(mail, here)
    walk.from_name(name)
    mails = tuple(walk.mails(name))
    if not mails and not walk.problems:  # nothing that was accepted may vanish
        nobody = _refusal(f"5.2.4 {name} has no members")  # RFC 3463, 3.3
        walk.problems.append(Problem(name, mail.envelope.reverse_path, nobody))
    return Expansion(name, entry.kind, mails, tuple(walk.problems))


def _refusal(text: str) -> Reply:
    return Reply(554, (text.encode("utf-8", "surrogateescape"),))


@dataclass(frozen=True)
class _Branch:
    """What a list, or the alias at the start, makes of the mail object."""

    reverse_path: str
    content: bytes
    by_list: bool


class _Walk:
    """Depth first, each name once a branch, and never into one that is being expanded."""

    def __init__(self, mail: MailObject, here: Locality) -> None:
        self._mail, self._here = mail, here
        self._been_at = _been_at(mail.content)
        self._found: dict[_Branch, dict[str, str]] = {}  # mailboxes by their lower case
        self.problems: list[Problem] = []

    def from_name(self, name: str) -> None:
        envelope = self._mail.envelope
        start = _Branch(envelope.reverse_path, _stamped(name, self._mail.content), False)
        to_visit: list[tuple[_Branch, str, tuple[str, ...]]] = [(start, name, ())]
        seen: set[tuple[str, str]] = set()
        while to_visit:
            branch, name, above = to_visit.pop()
            key = name.lower()
            entry = self._here.find(name)
            if entry is None or (above[-1:] == (key,) and self._here.has_mailbox(name)):
                self._found_mailbox(branch, name)
            elif key in above or key in self._been_at:
                self._loops(branch, name, above)
            elif (branch.reverse_path, key) not in seen:
                seen.add((branch.reverse_path, key))
                if isinstance(entry, MailingList):
                    branch, members = self._through(entry, branch)
                else:
                    members = entry.members
                to_visit += [(branch, one, (*above, key)) for one in reversed(members)]

    def _through(self, entry: MailingList, branch: _Branch) -> tuple[_Branch, tuple[str, ...]]:
        """What the members get; a report (from the null reverse-path) is for the owner alone."""
        if not branch.reverse_path:
            return branch, (entry.owner,)
        content = entry.content_for_members(branch.content)
        if entry.name.lower() not in _been_at(content):
            content = _stamped(entry.name, content)
        return _Branch(entry.bounces, content, True), entry.members

    def _found_mailbox(self, branch: _Branch, name: str) -> None:
        if not (branch.by_list or self._here.is_local(name)):
            rewritten = self._here.rewrite(branch.reverse_path)
            branch = replace(branch, reverse_path=rewritten)
        self._found.setdefault(branch, {}).setdefault(name.lower(), name)

    def _loops(self, branch: _Branch, name: str, above: tuple[str, ...]) -> None:
        way = " -> ".join((*above, name.lower())) if above else f"it has been at {name} before"
        text = f"5.4.6 Routing loop: {way}"  # RFC 5321, 6.3; RFC 3463, 3.5
        self.problems.append(Problem(name, branch.reverse_path, _refusal(text)))

    def mails(self, name: str) -> Iterator[MailObject]:
        """What was found, in envelopes that every host takes."""
        for branch, found in self._found.items():
            mailboxes = tuple(found.values())
            for first in range(0, len(mailboxes), MAX_FORWARD_PATHS):
                some = mailboxes[first : first + MAX_FORWARD_PATHS]
                yield MailObject(self._envelope(name, branch, some), branch.content)

    def _envelope(self, name: str, branch: _Branch, some: tuple[str, ...]) -> Envelope:
        """An alias hands parameters on; a list is a new sender (RFC 3461, 5.2.7)."""
        old = self._mail.envelope
        kept = {"BODY", "SMTPUTF8"} if branch.by_list else old.parameters.keys() - {"SIZE"}
        parameters = {key: value for key, value in old.parameters.items() if key in kept}
        own = {} if branch.by_list else old.recipient_parameters.get(name, {})
        return Envelope(
            branch.reverse_path, some, parameters, dict.fromkeys(some, own) if own else {}
        )


def _been_at(content: bytes) -> set[str]:
    """The names that mail was expanded at, as its trace tells (RFC 9228)."""
    return {name.lower() for name in Fields(content).all("Delivered-To")}


def _stamped(name: str, content: bytes) -> bytes:
    return f"Delivered-To: {name}\r\n".encode("utf-8", "surrogateescape") + content
