"""From a term to its explanation: explain() and explain_reply() (RFC 5321, 4.2; RFC 3463, 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from smtplab.errors import LocalProtocolError
from smtplab.reference.explanation import Explanation
from smtplab.reference.glossary import explain_defined, names
from smtplab.reference.tables import (
    enhanced_entry,
    enhanced_severity,
    joined,
    reply_entry,
    reply_severity,
    table,
)
from smtplab.reference.telling import (
    WORD_TABLES,
    explain_entry,
    explain_known,
    explain_word,
    known_explanation,
)
from smtplab.reference.texts import (
    GAP,
    MAX_TEXT,
    find_error,
    find_reply,
    flattened,
    known_texts,
)

# status-code = class "." subject "." detail, numbers without leading zeros (RFC 3463, 2)
_ENHANCED = r"[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})(?![\w.])"

# A reply code, perhaps an enhanced status code, then text that is ignored here.
# The second digit is 0 to 5 (RFC 5321, 4.2); servers send others, so they are explained too.
_REPLY = re.compile(rf"([2-5]\d\d)(?:[ -]+({_ENHANCED}))?(?![\w.])", re.ASCII)
_ENHANCED_ALONE = re.compile(_ENHANCED, re.ASCII)

# A reply inside a log line or an error: said: 550 5.7.1, smtp;550 5.7.1, (535, b'5.7.8 ...
_REPLY_INSIDE = re.compile(
    rf"(?<![\w.])([2-5]\d\d)(?:[-\s;#<]{{1,3}}|, b?['\"])({_ENHANCED})", re.ASCII
)
_CODE_INSIDE = re.compile(
    r"(?:said: |smtp; ?|returned '|response: ?|responded: +|\()([45]\d\d)(?=[\s,-])", re.ASCII
)
_PORT = re.compile(r"(?:port\s+)?(\d{1,5})", re.ASCII | re.IGNORECASE)

_SENTENCE = 3  # words; so many are rather an error than a command with its argument
_MAX_SHOWN = 60  # characters of an unknown term that an error shows


def explain(term: str | int) -> Explanation:
    """Explain a code, a word of the protocol, a port, a whole reply, or the text of an error.

    A reply may have several lines, and may stand in a line of a log.
    Raises LocalProtocolError with the nearest known terms if the term is not known.

    >>> explain("550 5.7.1 Delivery not authorized").title
    'Not allowed to send this there'
    >>> explain("rcpt to").kind
    'verb'
    >>> explain(587).kind
    'port'
    >>> explain("certificate verify failed").kind
    'text of an error'
    >>> explain("envelope").kind
    'word'
    """
    text = str(term).strip()
    port = _PORT.fullmatch(text)
    if port and port[1] in table("ports"):
        return explain_entry(port[1], table("ports")[port[1]], "port")
    if reply := _REPLY.match(text):
        return explain_reply(int(reply[1]), reply[2], text=text)
    if enhanced := _ENHANCED_ALONE.match(text):
        return _explain_enhanced(enhanced[0], text[enhanced.end() :])
    if text in table("reply_codes"):  # as RFCs write a class: 5yz
        return explain_entry(text, table("reply_codes")[text], "reply code")
    if text in table("enhanced_status_codes"):  # as RFCs write a code of any class: X.7.1
        return explain_entry(text, table("enhanced_status_codes")[text], "enhanced status code")
    ways = [_explain_text, explain_defined]  # what servers say is explained at more length
    ways.insert(2 if len(text[:MAX_TEXT].split()) >= _SENTENCE else 0, explain_word)
    for way in ways:
        if found := way(text):
            return found
    raise _unknown(text)


def explain_reply(
    code: int, enhanced: str | None = None, step: str = "", text: str = ""
) -> Explanation:
    """Explain a reply: a text that a provider is known for, else its codes.

    The enhanced status code tells what, the reply code how final it is. Where the enhanced one
    only names an area, such as 5.7.0, the reply code tells both.
    `step` is what it is the reply to: a verb, `greeting` or `end-of-data`.

    >>> explain_reply(250, step="EHLO").title
    'Greeting back, with a list'
    >>> explain_reply(450, "4.2.1").title
    'Mailbox switched off'
    >>> explain_reply(530, "5.7.0").title
    'Log in first, or start TLS first'
    >>> explain_reply(550, "5.4.5", text="Daily user sending limit exceeded.").title
    'You have sent too much today (Gmail)'
    """
    if not 200 <= code <= 599:
        raise _unknown(str(code))
    if enhanced is not None and not _ENHANCED_ALONE.fullmatch(enhanced):
        raise _unknown(enhanced)
    term = f"{code} {enhanced or ''}".strip()
    known = find_reply(flattened(text, code), enhanced) if code >= 400 else None  # refusals only
    if known and not (step and known.common):
        return explain_known(term, known, _by_the_codes(code, enhanced), reply_severity(code))
    usual = table("step_replies").get(f"{step} {code}")
    if usual and (code < 400 or enhanced is None or enhanced_entry(enhanced).general):
        return explain_entry(term, usual, "reply code")
    return _by_the_codes(code, enhanced)


def _by_the_codes(code: int, enhanced: str | None) -> Explanation:
    if enhanced is None:
        return explain_entry(str(code), reply_entry(code), "reply code", reply_severity(code))
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
    return explain_entry(
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
    yield from dict.fromkeys(word for name in WORD_TABLES for word in table(name))
    yield from table("ports")
    yield from dict.fromkeys(
        text for known in known_texts("errors") for text in known.texts if GAP not in text
    )


def _explain_enhanced(code: str, text: str = "") -> Explanation:
    entry = enhanced_entry(code)
    general = explain_entry(
        code,
        entry,
        "enhanced status code",
        enhanced_severity(code),
        source=joined(entry.source, "RFC 3463, 2"),
    )
    known = None if code[0] == "2" else find_reply(" ".join(text[:MAX_TEXT].split()), code)
    return explain_known(code, known, general, enhanced_severity(code)) if known else general


def _explain_text(text: str) -> Explanation | None:
    """A reply inside of other text, the text of a reply without codes, or that of an error."""
    shown = " ".join(text[:MAX_TEXT].split())
    if inside := _REPLY_INSIDE.search(shown):
        return explain_reply(int(inside[1]), inside[2], text=shown[inside.start(1) :])
    if inside := _CODE_INSIDE.search(shown):
        return explain_reply(int(inside[1]), text=shown[inside.start(1) :])
    if found := find_error(shown):
        wanted, known = found
        return known_explanation(wanted, known, "text of an error")
    if reply := find_reply(shown, None):
        return known_explanation(reply.texts[0], reply, "text of a reply")
    return None


def _unknown(term: str) -> LocalProtocolError:
    shown = term if len(term) <= _MAX_SHOWN else term[:_MAX_SHOWN] + "..."
    if term.isdecimal():  # a number is near another number, not near 2.6.0
        near = get_close_matches(term, filter(str.isdecimal, all_terms()), n=3, cutoff=0.5)
    else:
        terms = {one.upper(): one for one in (*names().values(), *names(), *all_terms())}
        near = [terms[one] for one in get_close_matches(shown.upper(), terms, n=3)]
    hint = f"Near it: {', '.join(near)}." if near else "Try 550, 5.7.1, MAIL, SIZE or 587."
    return LocalProtocolError(
        f"{shown!r} is no code, verb, EHLO keyword, parameter, SASL mechanism, port, word of "
        f"the course or text of an error that this reference lists. {hint}"
    )
