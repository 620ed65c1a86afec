"""Mailing lists: bounces go to the list's owner, and the content says that it came by a list.

RFC 5321, 3.9.2: the reverse-path becomes an address of the list, so that the author hears nothing
of members whose mailboxes are gone. 3.9 wants the header section left as it is; lists add the
fields of RFC 2369 and RFC 2919 all the same. Whatever changes the body or a signed field breaks
the author's DKIM signature, and with it DMARC. Some lists then put themselves into From; ARC
(RFC 8617) lets the list vouch for what it saw instead, and is not built here.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import formataddr, parseaddr

from smtplab.line_rules import MAX_TEXT_LINE
from smtplab.sandbox.header_section import Fields

# RFC 2369, 3, and RFC 2919, 3: at most one of each, and only the last list's.
_OF_LISTS = (
    "List-Id List-Help List-Unsubscribe List-Unsubscribe-Post List-Subscribe List-Post "
    "List-Owner List-Archive"
).split()


@dataclass
class MailingList:
    """One list. Each switch starts off: the content is then still what the author signed."""

    name: str  # the mailbox that one writes to
    title: str
    owner: str  # the mailbox of a human
    members: tuple[str, ...]
    subject_prefix: str = ""  # "[tea-club]": breaks DKIM, because Subject is signed
    footer: str = ""  # lines below a plain text: breaks DKIM, because the body is signed
    takes_over_from: bool = False  # From names the list: the repair for DMARC
    one_click: str = ""  # an HTTPS link to leave by POST; RFC 8058, 4 wants it under DKIM

    kind = "list"

    @property
    def bounces(self) -> str:
        """The reverse-path of what the list sends."""
        return self._address("bounces")

    @property
    def request(self) -> str:
        """Where one asks to join or to leave (RFC 2142, 6)."""
        return self._address("request")

    @property
    def id(self) -> str:
        """What names the list for ever (RFC 2919, 2).

        >>> MailingList("tea@example.net", "Tea", "bob@example.net", ()).id
        'tea.example.net'
        """
        return self.name.replace("@", ".")

    def _address(self, word: str) -> str:
        local_part, _, domain = self.name.rpartition("@")
        return f"{local_part}-{word}@{domain}"

    def content_for_members(self, content: bytes) -> bytes:
        """The author's content as the members get it."""
        fields = Fields(content)
        fields.remove(*_OF_LISTS)
        if self.subject_prefix:
            self._prefix_subject(fields)
        if self.takes_over_from:
            self._take_over_from(fields)
        unsubscribe = f"<mailto:{self.request}?subject=unsubscribe>"
        if self.one_click:
            unsubscribe = f"<{self.one_click}>,\r\n\t{unsubscribe}"
            fields.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        fields.add("List-Unsubscribe", unsubscribe)
        fields.add("List-Post", f"<mailto:{self.name}>")
        fields.add("List-Id", f"{_phrase(self.title)} <{self.id}>")
        return bytes(fields) + self._footer_for(fields)

    def _prefix_subject(self, fields: Fields) -> None:
        subject = fields.get("Subject")
        if self.subject_prefix not in subject:  # an answer has it already, after "Re:"
            fields.remove("Subject")
            fold = "\r\n " if len(subject) + len(self.subject_prefix) > MAX_TEXT_LINE - 10 else " "
            fields.add("Subject", f"{self.subject_prefix}{fold}{subject}".rstrip())

    def _take_over_from(self, fields: Fields) -> None:
        author = fields.get("From")
        name, mailbox = parseaddr(author)
        who = _decoded(name) or mailbox.partition("@")[0] or "Somebody"
        fields.remove("From")
        if not fields.get("Reply-To") and author:
            fields.add("Reply-To", author)
        fields.add("From", formataddr((f"{who} via {self.title}", self.name)))

    def _footer_for(self, fields: Fields) -> bytes:
        """Below anything but plain text the lines would not be seen, or spoil what is there."""
        kind = fields.get("Content-Type").partition(";")[0].strip().lower()
        encoding = fields.get("Content-Transfer-Encoding").strip().lower()
        if kind not in ("", "text/plain") or encoding not in ("", "7bit", "8bit"):
            return b""
        lines = self.footer.encode("ascii", "backslashreplace").splitlines()
        return b"".join(line + b"\r\n" for line in lines)


def _phrase(title: str) -> str:
    return formataddr((title, "x@x")).removesuffix(" <x@x>")


def _decoded(name: str) -> str:
    try:
        text = str(make_header(decode_header(name)))
    except (LookupError, ValueError):  # an encoded word in a charset that does not exist
        text = name
    return " ".join(text.split())
