"""From the provider card's model to HTML: settings, keywords, limits, refusals, sources."""

from __future__ import annotations

from itertools import zip_longest

from smtplab.reference.profiles import TOPICS, Fact, Profile
from smtplab.transcript.rendering import as_html
from smtplab.widgets import pieces
from smtplab.widgets.pieces import legend, safe, table
from smtplab.widgets.plain import cut, plain
from smtplab.widgets.provider_card.model import IMPLICIT, ProviderModel
from smtplab.widgets.provider_card.provocations import PROVOKED_BY

MAX_EVENTS = 40  # of the conversation behind a refusal; its newest count
_TLS = {IMPLICIT: "TLS at once", "starttls": "STARTTLS"}

# What the fields are called, as of 2026; programs change their words.
PROGRAMS = ("Thunderbird", "Outlook", "Apple Mail")


def bar(model: ProviderModel) -> str:
    """Which service, and where it lives in the sandbox."""
    service = model.service
    facts = [f"really {service.host}", f"here {service.sandbox_host}"]
    return pieces.title(service.title) + pieces.chips(facts)


# Settings.


def settings(model: ProviderModel) -> str:
    """What a mail program asks for, in the words of three programs."""
    implicit = model.best_port.text == IMPLICIT
    kind = "SSL/TLS" if implicit else "STARTTLS"
    token = " or OAuth2" if model.takes_tokens else ""
    security = f"<b>{kind}</b>; Apple Mail: on"
    host = f"<b>{safe(model.service.host)}</b>"
    rows = (
        ("Server Name", "Outgoing mail (SMTP)", "Host Name", host),
        ("Port", "Port", "Port", f"<b>{safe(model.best_port.name)}</b>"),
        ("Connection security", "Encryption method", "Use TLS/SSL", security),
        ("Authentication method", "Logon, without SPA", "Authentication",
         f"<b>Normal password{token}</b>; Apple Mail: Password"),
        ("User Name", "User Name", "User Name", _required(model, "username", "as it says")),
        ("Password", "Password", "Password", _required(model, "password", "of the account")),
    )  # fmt: skip
    others = ", ".join(
        f"{fact.name} ({_TLS[fact.text]})"
        for fact in model.service.about("port")
        if fact is not model.best_port
    )
    why = "TLS at once comes before STARTTLS (RFC 8314, 3.3)." if implicit else ""
    more = f"Other ports: {others}. {why}" if others else f"No other port is offered. {why}"
    return table("What a mail program asks for", (*PROGRAMS, "What to say"), rows) + legend(more)


def _required(model: ProviderModel, name: str, otherwise: str) -> str:
    fact = model.service.find("requirement", name)
    return f"{safe(fact.text)} {_mark(fact)}" if fact else safe(otherwise)


def _mark(fact: Fact) -> str:
    """Where a fact comes from, in a word."""
    if fact.source is None:
        return "<em>illustrative</em>"
    return f"<em>read {safe(fact.source.read)}</em>"


# What it offers.


def keywords(model: ProviderModel) -> str:
    """What the host in the sandbox offered right now, before TLS and inside it."""
    offered = model.keywords
    rows = [
        (_keyword(before), _keyword(inside))
        for before, inside in zip_longest(offered.before, offered.inside, fillvalue="")
    ]
    caption = f"EHLO keywords, asked live at {model.service.sandbox_host} port {offered.port}"
    told = f"<p>Not learnt: {safe(cut(offered.trouble))}</p>" if offered.trouble else ""
    return table(caption, ("Before TLS", "Inside TLS"), rows) + told


def _keyword(line: str) -> str:
    return f"<code>{safe(cut(line))}</code>" if line else ""


def limits(model: ProviderModel) -> str:
    """What the service lets one send."""
    rows = (
        (f"{fact.value:,}", safe(fact.text), _mark(fact)) for fact in model.service.about("limit")
    )
    return table("Limits", ("At most", "What", "Source"), rows)


def facts(model: ProviderModel) -> str:
    """All that a mail program has to know; keywords and limits beside each other."""
    pair = f"<div>{keywords(model)}</div><div>{limits(model)}</div>"
    asked = f'<div class="smtplab-asked">{settings(model)}</div>'
    return f'{asked}<div class="smtplab-beside">{pair}</div>'


# What it refuses.


def refusals(service: Profile, produced: Fact | None = None) -> str:
    """What provokes each refusal, and what the service says then; the produced one is marked."""
    rows = []
    for fact in service.about("refusal"):
        lines = "<br>".join(f"<code>{safe(line)}</code>" for line in fact.text.splitlines())
        what = safe(PROVOKED_BY[fact.name][0])
        rows.append((f"<b>{what}</b>" if fact is produced else what, lines, _mark(fact)))
    return table("Typical refusals", ("What provokes it", "Reply", "Source"), rows)


def choices(model: ProviderModel) -> list[tuple[str, str]]:
    """The refusals to choose from, each with its name."""
    return [(PROVOKED_BY[fact.name][0], fact.name) for fact in model.service.about("refusal")]


def met(model: ProviderModel) -> str:
    """The conversation that led to the refusal that was produced last."""
    if model.refusal is None:
        return legend("Produce it has a short conversation with the host in the sandbox.")
    events = model.met[-MAX_EVENTS:]
    left_out = len(model.met) - len(events)
    earlier = legend(f"{left_out} earlier events are not shown.") if left_out else ""
    title = f'<p class="smtplab-title">{safe(PROVOKED_BY[model.refusal.name][0])}</p>'
    label = 'role="group" aria-label="The conversation" tabindex="0"'
    return f'{title}{earlier}<div class="smtplab-conversation" {label}>{as_html(events)}</div>'


# Where it is from.


def sources(model: ProviderModel) -> str:
    """Every fact, with the page and the day on which it was read."""
    rows = (
        (safe(topic), safe(_said(fact)), _source(fact))
        for topic in TOPICS
        for fact in model.service.about(topic)
    )
    facts = table("Every fact and its source", ("Topic", "Fact", "Source"), rows)
    return (
        f"<details><summary>Sources: each page, and the day it was read</summary>{facts}</details>"
    )


def _said(fact: Fact) -> str:
    number = f"{fact.value:,}" if fact.value else ""
    text = fact.text.replace("\n", " / ")
    return " ".join(part for part in (fact.name, number, text) if part)


def _source(fact: Fact) -> str:
    if fact.source is None:
        return "illustrative: likely, and no page was found for it"
    return (
        f"{safe(fact.source.title)}, <code>{safe(fact.source.url)}</code>, read {fact.source.read}"
    )


# Without a front end.


def as_static_html(model: ProviderModel) -> str:
    """The whole card in plain tags."""
    service = model.service
    last = met(model) if model.refusal is not None else ""
    return (
        f"<p><b>{safe(service.title)}</b> · really {safe(service.host)} · here "
        f"{safe(service.sandbox_host)}</p>{settings(model)}{keywords(model)}{limits(model)}"
        f"{refusals(service)}{last}{sources(model)}"
    )


def as_static_text(model: ProviderModel) -> str:
    return plain(as_static_html(model))
