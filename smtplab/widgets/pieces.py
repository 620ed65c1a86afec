"""Text from anywhere, made safe for a page, and the small pieces of HTML that every view needs."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from smtplab.transcript.rendering import TOP_LEFT, visible


def safe(text: str) -> str:
    """Text that cannot act on a page, whatever it holds.

    >>> safe("<b>\\x07")
    '&lt;b&gt;\\\\x07'
    """
    return escape(visible(text))


def notice(headline: str, text: str) -> str:
    """Something that went wrong or was not done; read aloud when it comes."""
    return (
        f'<div class="smtplab-notice" role="alert"><strong>{safe(headline)}</strong>'
        f"<p>{safe(text)}</p></div>"
    )


def title(text: str) -> str:
    """The name of a card, in its bar."""
    return f'<div class="smtplab-place">{safe(text)}</div>'


def chips(facts: Iterable[str | tuple[str, str]]) -> str:
    """Short facts in the bar of a card; a pair brings its class, such as "locked" or "open"."""
    return f'<ul class="smtplab-chips">{"".join(map(_chip, facts))}</ul>'


def _chip(fact: str | tuple[str, str]) -> str:
    if isinstance(fact, str):
        return f"<li>{safe(fact)}</li>"
    text, name = fact
    return f'<li class="smtplab-{name}">{safe(text)}</li>'


def legend(text: str) -> str:
    """A quiet line that says how to read or use what stands above it."""
    return f'<p class="smtplab-legend">{safe(text)}</p>'


def told(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels with a text below each; empty texts are left out."""
    return (
        "<dl>"
        + "".join(f"<dt>{safe(label)}</dt><dd>{safe(text)}</dd>" for label, text in pairs if text)
        + "</dl>"
    )


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A plain table, for static forms and views alike; `rows` hold HTML that is safe already.

    Each cell says that it begins at the left: JupyterLab's own sheet would put words at the right.
    """
    heads = "".join(f'<th scope="col" {TOP_LEFT}>{safe(one)}</th>' for one in head)
    body = "".join(
        f"<tr>{''.join(f'<td {TOP_LEFT}>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<table class="smtplab-table"><caption>{safe(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )
