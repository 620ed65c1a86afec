"""The grammar of command arguments: paths, mailboxes, parameters (RFC 5321, 4.1.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from smtplab.errors import LocalProtocolError

MAX_PATH = 256  # octets, with the angle brackets (RFC 5321, 4.5.3.1.3)
MAX_LOCAL_PART = 64  # octets (RFC 5321, 4.5.3.1.1)
MAX_DOMAIN = 255  # octets (RFC 5321, 4.5.3.1.2)

# UTF8-non-ascii (RFC 6531, 3.3) widens atext, qtextSMTP and sub-domain.
# Surrogates stand for octets that are no UTF-8, so they are left out.
_UTF8 = r"\u0080-\ud7ff\ue000-\U0010ffff"

# atext = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "/"
#         / "=" / "?" / "^" / "_" / "`" / "{" / "|" / "}" / "~"          (RFC 5322, 3.2.3)
_ATOM = rf"[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~{_UTF8}]+"

# Dot-string = Atom *("." Atom)
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"

# Quoted-string = DQUOTE *QcontentSMTP DQUOTE
# QcontentSMTP  = qtextSMTP / quoted-pairSMTP
# qtextSMTP     = %d32-33 / %d35-91 / %d93-126
# quoted-pairSMTP = %d92 %d32-126
_QUOTED_STRING = rf'"(?:[\x20\x21\x23-\x5b\x5d-\x7e{_UTF8}]|\\[\x20-\x7e])*"'

# sub-domain = Let-dig [Ldh-str]
_SUB_DOMAIN = rf"[A-Za-z0-9{_UTF8}](?:[A-Za-z0-9\-{_UTF8}]*[A-Za-z0-9{_UTF8}])?"

# Domain = sub-domain *("." sub-domain)
_DOMAIN = rf"{_SUB_DOMAIN}(?:\.{_SUB_DOMAIN})*"

# Snum = 1*3DIGIT, a decimal value of 0 to 255
_SNUM = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|0?[0-9]?[0-9])"

# address-literal = "[" ( IPv4-address-literal / IPv6-address-literal
#                   / General-address-literal ) "]"
# General-address-literal = Standardized-tag ":" 1*dcontent; dcontent = %d33-90 / %d94-126
_ADDRESS_LITERAL = (
    rf"\[(?:{_SNUM}(?:\.{_SNUM}){{3}}"
    r"|[Ii][Pp][Vv]6:[0-9A-Fa-f:.]{2,45}"
    r"|(?![Ii][Pp][Vv]6:)[A-Za-z0-9\-]*[A-Za-z0-9]:[\x21-\x5a\x5e-\x7e]+)\]"
)

# Mailbox = Local-part "@" ( Domain / address-literal ); Local-part = Dot-string / Quoted-string
_MAILBOX = rf"(?P<local>{_DOT_STRING}|{_QUOTED_STRING})@(?P<domain>{_DOMAIN}|{_ADDRESS_LITERAL})"

# A-d-l = At-domain *( "," At-domain ): the source route, accepted and ignored (RFC 5321, F.2)
_SOURCE_ROUTE = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"

# Reverse-path = Path / "<>";  Path = "<" [ A-d-l ":" ] Mailbox ">"
# Forward-path = Path, and "<Postmaster>" without a domain (RFC 5321, 4.1.1.3)
_PATH = re.compile(
    rf"<(?:{_SOURCE_ROUTE}{_MAILBOX}|(?P<postmaster>[Pp][Oo][Ss][Tt][Mm]"
    r"[Aa][Ss][Tt][Ee][Rr])|)>"
)

# esmtp-param = esmtp-keyword ["=" esmtp-value]
# esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); esmtp-value = 1*(%d33-60 / %d62-126)
_PARAMETER = re.compile(
    rf"(?P<keyword>[A-Za-z0-9][A-Za-z0-9\-]*)(?:=(?P<value>[\x21-\x3c\x3e-\x7e{_UTF8}]+))?"
)

_EHLO_NAME = re.compile(rf"{_DOMAIN}|{_ADDRESS_LITERAL}")
_MAILBOX_ALONE = re.compile(_MAILBOX)

# String = Atom / Quoted-string
_STRING = re.compile(rf"{_ATOM}|{_QUOTED_STRING}")


@dataclass(frozen=True, slots=True)
class Path:
    """One reverse-path or forward-path; the null reverse-path has no mailbox."""

    local_part: str
    domain: str

    @property
    def mailbox(self) -> str:
        """The text between the angle brackets, without a source route."""
        return f"{self.local_part}@{self.domain}" if self.domain else self.local_part

    @property
    def is_null(self) -> bool:
        return not self.local_part

    @property
    def is_ascii(self) -> bool:
        return self.local_part.isascii() and self.domain.isascii()

    def __str__(self) -> str:
        return f"<{self.mailbox}>"


@lru_cache(maxsize=4096)
def parse_path(text: str) -> tuple[Path, str]:
    """Split `<path> rest` into the path and the rest; `LocalProtocolError` if it is none.

    >>> parse_path("<alice@example.org> SIZE=120")
    (Path(local_part='alice', domain='example.org'), 'SIZE=120')
    >>> str(parse_path("<>")[0])
    '<>'
    """
    match = _PATH.match(text)
    if match is None:
        raise LocalProtocolError(f"{text!r} does not start with <local-part@domain>")
    rest = text[match.end() :]
    if rest and (rest[0] != " " or not rest.strip()):
        raise LocalProtocolError(f"after the path stands {rest!r}; one space and parameters may")
    local_part = match["local"] or match["postmaster"] or ""
    domain = match["domain"] or ""
    if len(match[0].encode()) > MAX_PATH:
        raise LocalProtocolError(f"the path is longer than {MAX_PATH} octets")
    if len(local_part.encode()) > MAX_LOCAL_PART or len(domain.encode()) > MAX_DOMAIN:
        raise LocalProtocolError(
            f"the local-part may hold {MAX_LOCAL_PART} octets and the domain {MAX_DOMAIN}"
        )
    return Path(local_part, domain), rest[1:]


def unquoted(local_part: str) -> str:
    r"""What all quoted forms of a local-part have in common (RFC 5321, 4.1.2).

    >>> [unquoted(form) for form in ("bob", '"bob"', r'"b\ob"', r'"\"bob\""')]
    ['bob', 'bob', 'bob', '"bob"']
    """
    if not local_part.startswith('"'):
        return local_part
    return re.sub(r"\\(.)", r"\1", local_part[1:-1])


def parse_parameters(text: str) -> dict[str, str | None]:
    """Read `KEYWORD[=value] ...`; keywords in upper case, values as they came.

    >>> parse_parameters("SIZE=120 smtputf8")
    {'SIZE': '120', 'SMTPUTF8': None}
    """
    parameters: dict[str, str | None] = {}
    if not text:
        return parameters
    for word in text.split(" "):
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise LocalProtocolError(f"{word!r} is not a parameter of the form KEYWORD=value")
        keyword = match["keyword"].upper()
        if keyword in parameters:
            raise LocalProtocolError(f"the parameter {keyword} is given twice")
        parameters[keyword] = match["value"]
    return parameters


def is_ehlo_name(text: str) -> bool:
    """Whether `text` may follow EHLO: a domain or an address literal (RFC 5321, 4.1.1.1).

    >>> is_ehlo_name("laptop.example.org"), is_ehlo_name("[192.0.2.1]"), is_ehlo_name("a b")
    (True, True, False)
    """
    return len(text) <= MAX_DOMAIN and _EHLO_NAME.fullmatch(text) is not None


def is_mailbox(text: str) -> bool:
    """Whether `text` is a mailbox, `local-part@domain` (RFC 5321, 4.1.2).

    >>> is_mailbox("bob@example.net"), is_mailbox("bob")
    (True, False)
    """
    return _MAILBOX_ALONE.fullmatch(text) is not None


def is_string(text: str) -> bool:
    """Whether `text` may follow VRFY, EXPN, HELP or NOOP (RFC 5321, 4.1.2).

    >>> is_string("bob"), is_string('"Bob Jones"'), is_string("bob jones")
    (True, True, False)
    """
    return _STRING.fullmatch(text) is not None
