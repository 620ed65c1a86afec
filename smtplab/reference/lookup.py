"""From a term to its explanation: explain() and explain_reply() (RFC 5321, 4.2; RFC 3463, 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from smtplab.errors import LocalProtocolError
from smtplab.reference.explanation import Explanation
from smtplab.reference.tables import (
    Entry,
    enhanced_entry,
    enhanced_severity,
    joined,
    reply_entry,
    reply_severity,
    table,
)

# status-code = class "." subject "." detail, numbers without leading zeros (RFC 3463, 2)
_ENHANCED = r"[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})(?![\w.])"

# A reply code, perhaps an enhanced status code, then text that is ignored here.
# The second digit is 0 to 5 (RFC 5321, 4.2); servers send others, so they are explained too.
_REPLY = re.compile(rf"([2-5]\d\d)(?:[ -]+({_ENHANCED}))?(?![\w.])", re.ASCII)
_ENHANCED_ALONE = re.compile(_ENHANCED, re.ASCII)
_PORT = re.compile(r"(?:port\s+)?(\d{1,5})", re.ASCII | re.IGNORECASE)

# A verb or an EHLO keyword, and what may follow it: MAIL FROM:<...>, SIZE 1000, AUTH=PLAIN.
_WORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[\s:=].*)?", re.DOTALL)

_MAX_SHOWN = 60  # characters of an unknown term that an error shows


def explain(term: str | int) -> Explanation:
    """Explain a reply code, an enhanced status code, both, a verb, an EHLO keyword or a port.

    Raises LocalProtocolError with the nearest known terms if the term is not known.

    >>> explain("550 5.7.1 Relaying denied").title
    'Not allowed to send this there'
    >>> explain("rcpt to").kind
    'verb'
    >>> explain(587).kind
    'port'
    """
    text = str(term).strip()
    port = _PORT.fullmatch(text)
    if port and port[1] in table("ports"):
        return _explanation(port[1], table("ports")[port[1]], "port")
    if reply := _REPLY.match(text):
        return explain_reply(int(reply[1]), reply[2])
    if enhanced := _ENHANCED_ALONE.match(text):
        return _explain_enhanced(enhanced[0])
    if text in table("reply_codes"):  # as RFCs write a class: 5yz
        return _explanation(text, table("reply_codes")[text], "reply code")
    if text in table("enhanced_status_codes"):  # as RFCs write a code of any class: X.7.1
        return _explanation(text, table("enhanced_status_codes")[text], "enhanced status code")
    if (word := _WORD.fullmatch(text)) and (found := _explain_word(word[1].upper())):
        return found
    raise _unknown(text)


def explain_reply(code: int, enhanced: str | None = None, step: str = "") -> Explanation:
    """Explain the codes of a reply: the enhanced one tells what, the reply code how final it is.

    Where the enhanced status code only names an area, such as 5.7.0, the reply code tells both.
    `step` is what it is the reply to: a verb, `greeting` or `end-of-data`.

    >>> explain_reply(250, step="EHLO").title
    'Greeting back, with a list'
    >>> explain_reply(450, "4.2.1").title
    'Mailbox switched off'
    >>> explain_reply(530, "5.7.0").title
    'Log in first, or start TLS first'
    """
    if not 200 <= code <= 599:
        raise _unknown(str(code))
    if usual := table("step_replies").get(f"{step} {code}"):
        return _explanation(f"{code} {enhanced or ''}".strip(), usual, "reply code")
    if enhanced is None:
        return _explanation(str(code), reply_entry(code), "reply code", reply_severity(code))
    if not _ENHANCED_ALONE.fullmatch(enhanced):
        raise _unknown(enhanced)
    said_by_code, said_by_enhanced = reply_entry(code), enhanced_entry(enhanced)
    sources = [said_by_enhanced.source, "RFC 5321, 4.2.1"]
    entry, notes = said_by_enhanced, []
    if said_by_enhanced.general:
        entry = said_by_code
        sources.insert(0, said_by_code.source)
        if not enhanced.endswith(".0.0"):
            notes.append(f"The code {enhanced} adds: {said_by_enhanced.title}.")
    if int(enhanced[0]) != code // 100:
        notes.append(f"{code} and {enhanced} should begin with the same digit; go by {code}.")
        sources.append("RFC 2034, 4")
    return _explanation(
        f"{code} {enhanced}",
        entry,
        "reply code and enhanced status code",
        *notes,
        reply_severity(code),
        source=joined(*sources),
    )


def all_terms() -> Iterator[str]:
    """Every term that the tables list, each once, ready for explain().

    >>> terms = list(all_terms())
    >>> [term in terms for term in ("550", "5.7.1", "EHLO", "SIZE", "587")]
    [True, True, True, True, True]
    """
    yield from (code for code in table("reply_codes") if code.isdigit())
    yield from dict.fromkeys(
        code.replace("X", class_)
        for code in table("enhanced_status_codes")
        if "x" not in code
        for class_ in "45"
    )
    yield from dict.fromkeys((*table("verbs"), *table("keywords")))
    yield from table("ports")


def _explain_enhanced(code: str) -> Explanation:
    entry = enhanced_entry(code)
    return _explanation(
        code,
        entry,
        "enhanced status code",
        enhanced_severity(code),
        source=joined(entry.source, "RFC 3463, 2"),
    )


def _explain_word(name: str) -> Explanation | None:
    """The explanation of a verb, of an EHLO keyword, or of a word that is both."""
    verb, keyword = table("verbs").get(name), table("keywords").get(name)
    if verb and keyword:
        return Explanation(
            name,
            f"{verb.title} (verb and EHLO keyword)",
            f"As a verb: {verb.meaning} As an EHLO keyword: {keyword.meaning}",
            verb.cause,
            f"As a verb: {_remedy(verb)} As an EHLO keyword: {keyword.remedy}",
            joined(verb.source, keyword.source),
            "verb and EHLO keyword",
            f"{verb.form} as a command; {keyword.form} in the reply to EHLO",
        )
    if verb:
        return _explanation(name, verb, "verb")
    return _explanation(name, keyword, "EHLO keyword") if keyword else None


def _explanation(term: str, entry: Entry, kind: str, *notes: str, source: str = "") -> Explanation:
    return Explanation(
        term,
        entry.title,
        " ".join([entry.meaning, *notes]),
        entry.cause,
        _remedy(entry),
        source or entry.source,
        kind,
        entry.form,
    )


def _remedy(entry: Entry) -> str:
    return f"{entry.remedy} Usual replies: {entry.replies}." if entry.replies else entry.remedy


def _unknown(term: str) -> LocalProtocolError:
    shown = term if len(term) <= _MAX_SHOWN else term[:_MAX_SHOWN] + "..."
    if term.isdecimal():  # a number is near another number, not near 2.6.0
        near = get_close_matches(term, filter(str.isdecimal, all_terms()), n=3, cutoff=0.5)
    else:
        near = get_close_matches(shown.upper(), all_terms(), n=3)
    hint = f"Near it: {', '.join(near)}." if near else "Try 550, 5.7.1, MAIL, SIZE or 587."
    return LocalProtocolError(
        f"{shown!r} is no reply code, enhanced status code, verb, EHLO keyword or port "
        f"that this reference lists. {hint}"
    )
