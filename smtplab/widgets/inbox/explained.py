"""Envelope beside header fields, Received and Authentication-Results, explained (RFC 5321)."""

from __future__ import annotations

from smtplab.sandbox.verdict import results
from smtplab.widgets.inbox.hops import Hop, waited
from smtplab.widgets.inbox.model import Reading
from smtplab.widgets.pieces import legend, safe, table, told
from smtplab.widgets.plain import cut

MAX_PATHS = 20
MAX_FIELDS = 5  # Authentication-Results
MAX_METHODS = 30

# Envelope beside header fields.

_HEAD = ("Question", "Envelope (RFC 5321)", "Header fields (RFC 5322)", "What it is for")
_BCC = (
    "Who stands in the envelope only. The program that sends takes Bcc out of the header section "
    "(RFC 5322, 3.6.3)."
)


def envelope(reading: Reading) -> str:
    """What the servers used beside what people read (RFC 5321, 2.3.1; RFC 5322, 3.6)."""
    env = reading.mail.envelope
    paths = ", ".join(f"<{path}>" for path in env.forward_paths[:MAX_PATHS])
    if len(env.forward_paths) > MAX_PATHS:
        paths += f" and {len(env.forward_paths) - MAX_PATHS} more"
    rows = (
        ("From whom", f"MAIL FROM:<{env.reverse_path}>", _author(reading),
         "Reports of failure go to the reverse-path. Answers go to From, or to Reply-To."),
        ("To whom", f"RCPT TO:{paths}", _named(reading), "Only forward-paths decide who gets it."),
        ("In secret", _unnamed(reading), "nothing", _BCC),
    )  # fmt: skip
    cells = (
        (f"<b>{safe(who)}</b>", _code(first), _code(second), safe(use))
        for who, first, second, use in rows
    )
    caption = "Two sets of addresses: servers read the first, people the second"
    return table(caption, _HEAD, cells) + _agree(reading)


def _code(text: str) -> str:
    return f"<code>{safe(cut(text))}</code>"


def _author(reading: Reading) -> str:
    author = reading.value("From")
    return f"From: {author}" if author else "no From"


def _named(reading: Reading) -> str:
    fields = [f"{name}: {value}" for name in ("To", "Cc") for value in reading.values(name)[:3]]
    return "; ".join(fields) or "no To and no Cc"


def _unnamed(reading: Reading) -> str:
    named = _named(reading).lower()
    hidden = [p for p in reading.mail.envelope.forward_paths if p.lower() not in named]
    return ", ".join(f"<{path}>" for path in hidden[:MAX_PATHS]) or "nobody here"


def _agree(reading: Reading) -> str:
    path, author = reading.mail.envelope.reverse_path, reading.value("From").lower()
    returned = reading.value("Return-Path")
    if not path:
        text = "The null reverse-path <> marks a report. No report follows it (RFC 5321, 4.5.5)."
    elif path.lower() in author:
        text = "Here reverse-path and From name the same mailbox. By itself that proves nothing."
    else:
        text = (
            "Here the reverse-path and From differ. Mailing lists and services that collect "
            "bounces do that; so does forgery. See Checks."
        )
    if returned:
        text += f" The last server wrote the reverse-path down: Return-Path: {cut(returned)}"
    return f"<p>{safe(text)}</p>"


# The way it came.


def way(reading: Reading) -> str:
    """The Received chain, oldest first, each hop explained (RFC 5321, 4.4)."""
    hops = reading.hops
    if not hops:
        return "<p>No Received header field: it came by no SMTP server.</p>"
    total = len(reading.values("Received"))
    more = f" The {total - len(hops)} oldest are not shown." if total > len(hops) else ""
    items = []
    for number, hop in enumerate(hops):
        later = f" <em>{safe(waited(hops[number - 1], hop))}</em>" if number else ""
        source = safe(cut(hop.clause("from"), 200) or "a host that is not told")
        target = safe(cut(hop.clause("by"), 200) or "a host that is not named")
        items.append(
            f"<li><p><b>{source}</b> handed it to <b>{target}</b>{later}</p>{_clauses(hop)}</li>"
        )
    return (
        f"<p>Each server writes its line on top, so the way is read from below.{more}</p>"
        f"<ol>{''.join(items)}</ol>"
        + legend(
            "A server vouches for its own line only. What stands below the first line of a server "
            "that you trust may be invented."
        )
    )


def _clauses(hop: Hop) -> str:
    keyword, number = hop.clause("with"), hop.clause("id")
    return told(
        (
            ("with", f"{cut(keyword, 100)}: {hop.protocol}" if keyword else hop.protocol),
            ("via", cut(hop.clause("via"), 100)),
            ("id", f"{cut(number, 100)}: its name in that server's queue and log" * bool(number)),
            ("for", cut(hop.clause("for"), 200)),
            ("at", cut(hop.stamp, 100)),
        )
    )


# What was checked.


def checks(reading: Reading) -> str:
    """Authentication-Results explained, method by method (RFC 8601)."""
    why = reading.mail.verdict.why if reading.mail.verdict is not None else ""
    html = [f"<p><b>Why it lies here.</b> {safe(cut(why))}</p>"] if why else []
    fields = reading.values(results.NAME)
    if not fields:
        html.append("<p>No Authentication-Results: no server of this way checked anything.</p>")
    html += [_results(value) for value in fields[:MAX_FIELDS]]
    if len(fields) > MAX_FIELDS:
        html.append(legend(f"{len(fields) - MAX_FIELDS} header fields more."))
    return "".join(html)


def _results(value: str) -> str:
    try:
        field = results.parse(f"{results.NAME}: {value}")
    except ValueError as error:
        return f"<p>A header field that cannot be read: {safe(cut(str(error)))}</p>"
    host = results.AuthenticationResults(field.authserv_id)
    who, *_ = results.explain(host)
    rows = []
    for one in field.results[:MAX_METHODS]:
        _, meaning, *rest = results.explain(results.AuthenticationResults("", (one,)))
        basis = "<br>".join(safe(cut(step.text)) for step in rest)
        name = f"<b>{safe(cut(f'{one.method}={one.result}', 60))}</b>"
        rows.append((name, safe(cut(meaning.text)), basis))
    caption = f"Checked by {cut(field.authserv_id, 100)}"
    return f"<p>{safe(cut(str(who)))}</p>" + table(
        caption, ("Result", "What it says", "It rests on"), rows
    )
