"""How a problem is told on the command line: in its options, and with the next step."""

from __future__ import annotations

import re

from smtplab.errors import ConnectionLost, LocalProtocolError, RemoteProtocolError, SMTPLabError

_HEADLINES: dict[type[SMTPLabError], str] = {
    LocalProtocolError: "Nothing was sent",
    RemoteProtocolError: "The server broke the rules",
    ConnectionLost: "No connection",
}

_IN_TLS = re.compile(r"the certificate that|\S+ did not speak TLS|\S+ and this client share no TLS")

# How servers greet that are none of SMTP, as an error quotes them.
_OTHERS = (
    ("b'HTTP/", "a web server (RFC 9112, 4)"),
    ("b'SSH-", "an SSH server (RFC 4253, 4.2)"),
    ("b'* ", "an IMAP server (RFC 9051, 7.1)"),
    ("b'+OK", "a POP3 server (RFC 1939, 4)"),
)


def headline(error: SMTPLabError) -> str:
    """What kind of problem it is.

    A certificate that is not trusted here breaks no rule of the server's.
    """
    if isinstance(error, RemoteProtocolError) and _IN_TLS.match(f"{error}"):
        return "No TLS"
    return next(text for kind, text in _HEADLINES.items() if isinstance(error, kind))


def in_options(
    problem: object, tls_first: str = "--tls implicit", plain_first: str = "--tls starttls"
) -> str:
    """A problem as the command line says it: the client names settings of Python.

    >>> in_options("connect again with Settings(implicit_tls=True)")
    'connect again with --tls implicit'
    """
    told = f"{problem}".replace("Settings(implicit_tls=True)", tls_first)
    told = told.replace("connect without TLS and use STARTTLS", f"connect again with {plain_first}")
    for file in ("trust its own file", "add its CA file"):
        told = told.replace(file, f"{file} with --ca")
    others = (name for begin, name in _OTHERS if f"this is not an SMTP reply line: {begin}" in told)
    return told + "".join(f". So answers {name}: look at host and port" for name in others)


def reason_of(error: OSError) -> str:
    """Why a file or folder cannot be used, in words; `str(error)` begins with a number.

    >>> reason_of(IsADirectoryError(21, "Is a directory", "mail"))
    'it is a folder'
    """
    if isinstance(error, FileNotFoundError):
        return "it does not exist"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "no access"
    return error.strerror or "no reason given"


def in_words(error: Exception) -> str:
    """The error in a sentence; that of a file without the system's numbers."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'} cannot be used: {reason_of(error)}"
    return f"{error}"
