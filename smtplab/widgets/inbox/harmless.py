"""An HTML body as a page may show it: known tags, no attribute, nothing that loads or runs.

What stands here is the first of three walls. The others are the `sandbox` attribute of the frame,
under which no script runs, and a Content-Security-Policy that loads nothing at all.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from smtplab.transcript.rendering import visible

MAX_READ = 65_536  # characters of HTML that are looked at
MAX_OPEN = 60  # tags inside each other

_KEPT = frozenset(
    "a b blockquote br center code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s "
    "small span strong sub sup table tbody td tfoot th thead tr u ul".split()
)
_VOID = frozenset({"br", "hr"})
# Dropped with all that stands in them.
_DROPPED = frozenset(
    "script style title head template noscript svg math object iframe frame frameset textarea "
    "select xmp noembed noframes plaintext applet audio video canvas".split()
)
_UNCLOSED = frozenset({"frame"})
_LOADING = ("src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "xlink:href")
_REMOTE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"url\(\s*['\"]?\s*(?:https?:)?//|@import", re.IGNORECASE)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_STYLE = (
    ":root{color-scheme:light}body{margin:12px;background:#fff;color:#111;"
    "font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
)


@dataclass(frozen=True)
class HarmlessBody:
    """What is left of an HTML body, and what was taken out of it."""

    html: str
    text: str
    blocked: int  # remote pictures, style sheets and the like
    removed: int  # scripts, event handlers, forms, frames
    links: int
    left_out: int  # characters that were not read

    @property
    def told(self) -> str:
        """What was taken out, in a line."""
        loaded = f"{self.blocked} remote item{'' if self.blocked == 1 else 's'}"
        facts = [f"Not loaded: {loaded}."]
        if self.removed:
            facts.append(f"Removed: {self.removed} scripts, event handlers, frames or forms.")
        if self.links:
            facts.append("A link says where it leads, and does not work here.")
        if self.left_out:
            facts.append(f"{self.left_out:,} characters more are not shown.")
        return " ".join(facts)

    def frame(self, label: str) -> str:
        """The frame that shows it: no script, no form, no request."""
        page = (
            f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
            f'content="{_POLICY}"><title>{escape(label)}</title><style>{_STYLE}</style>{self.html}'
        )
        return (
            f'<iframe sandbox="" referrerpolicy="no-referrer" title="{escape(label)}" '
            f'srcdoc="{escape(page)}"></iframe>'
        )


def harmless(html: str) -> HarmlessBody:
    """Take out of an HTML body whatever could load, run or lead away.

    >>> body = harmless('<p onclick=x>Hi<script>x</script> <img src="https://t.example/1.gif">')
    >>> body.html, body.blocked, body.removed
    ('<p>Hi </p>', 1, 2)
    """
    reader = _Reader()
    reader.feed(_closed(html[:MAX_READ]))
    reader.close()
    reader.close_all()
    count = reader.count
    return HarmlessBody(
        "".join(reader.parts),
        re.sub(r"[ \n]*\n[ \n]*", "\n", "".join(reader.words)).strip(),
        count["remote"],
        count["removed"],
        count["links"],
        max(0, len(html) - MAX_READ),
    )


def _closed(html: str) -> str:
    """Without comments and declarations, and without a tag that nothing closes.

    Python's reader looks through the rest once for each of those: a few thousand cost seconds.
    """
    shown, at = [], 0
    while (start := html.find("<!--", at)) >= 0:
        shown.append(html[at:start])
        end = html.find("-->", start + 4)
        at = len(html) if end < 0 else end + 3
    whole = "".join([*shown, html[at:]])
    last = whole.rfind(">") + 1
    unclosed = whole.find("<", last)
    whole = whole[: unclosed if unclosed >= 0 else len(whole)]
    return re.sub("<[!?][^>]*>", "", whole)


class _Reader(HTMLParser):
    """Writes the body anew, tag by tag."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.words: list[str] = []
        self.count: Counter[str] = Counter()
        self._open: list[str] = []
        self._targets: list[str] = []  # of the links that are open
        self._inside: list[str] = []  # what is dropped with all that stands in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._judge(tag, attrs)
        if tag in _DROPPED:
            self._inside += [tag] if tag not in _UNCLOSED else []
        if self._inside or tag not in _KEPT:
            return
        self.words.append("\n" if tag in ("p", "br", "div", "tr", "li") else "")
        if tag in _VOID:
            self.parts.append(f"<{tag}>")
        elif len(self._open) < MAX_OPEN:
            self._open.append(tag)
            self.parts.append(f"<{tag}>")
            if tag == "a":
                self._targets.append(str(dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
        elif not self._inside and tag in self._open:
            while self._close() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._inside:
            return
        text = "\n".join(map(visible, data.replace("\r", "").replace("\xa0", " ").split("\n")))
        self.parts.append(escape(text))
        self.words.append(text)

    def close_all(self) -> None:
        while self._open:
            self._close()

    def _close(self) -> str:
        tag = self._open.pop()
        if tag == "a" and (target := self._targets.pop()):
            self.count["links"] += 1
            self.handle_data(f" [leads to {target[:200]}]")
        self.parts.append(f"</{tag}>")
        return tag

    def _judge(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count what is not taken over."""
        if tag in _DROPPED - {"title", "head", "style"} or tag in ("form", "input", "meta", "base"):
            self.count["removed"] += 1
        for name, value in attrs:
            if name.startswith("on"):
                self.count["removed"] += 1
            elif name in _LOADING or (tag == "link" and name == "href"):
                self.count["remote"] += bool(_REMOTE.match(value or ""))
            elif name == "style":
                self.count["remote"] += len(_REMOTE_STYLE.findall(value or ""))
