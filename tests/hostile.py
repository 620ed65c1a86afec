"""What hostile mail holds, and what a card must never make of it; for the tests of every widget."""

from html.parser import HTMLParser

from ipywidgets import HTML, Button, Widget

# Each of these would set `window.pwned`, open a dialog or ask for a page, if it were not text.
PWNED = "window.pwned=1"
MARKUP = (
    f"<script>{PWNED}</script>"
    f'<img src=x onerror="{PWNED}">'
    f"<svg onload={PWNED}><a href='javascript:{PWNED}'>x</a></svg>"
    f'"><iframe src="data:text/html,<script>parent.{PWNED}</script>"></iframe>'
    "</div></pre></section></template></style></textarea></select></title><b>out</b>"
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>"
    "<link rel=stylesheet href=http://evil.example/a.css><style>*{display:none}</style>"
)
BIDI = "\u202egpj.exe\u2066\u200f"
TEXT = MARKUP + BIDI + "\x1b[2J\x00\u2028"

SIZE = 10 * 2**20


def html_content(body: str) -> bytes:
    return (
        "From: =?utf-8?q?=3Cscript=3E?= <alice@example.org>\r\nTo: bob@example.net\r\n"
        "Subject: Hello\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body + "\r\n"
    ).encode()


def _everywhere(text: str) -> bytes:
    """Hostile text in each header field that a page reads, and in the names of parts."""
    line = text.replace("\x00", "")
    fields = "".join(
        f"{name}: {line}\r\n"
        for name in ("From", "To", "Cc", "Subject", "Date", "Return-Path", "Reply-To", "X-<b>")
    )
    trace = (
        f"Received: from {line} ([192.0.2.1]) by {line} with {line} id {line}\r\n"
        f" for <{line}>; {line}\r\n"
        f'Authentication-Results: "{line}"; spf=pass reason="{line}" smtp.mailfrom="{line}"\r\n'
    )
    mixed = (
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n--b\r\n"
        f'Content-Type: image/{line}; name="../{line}"\r\nContent-Disposition: attachment\r\n'
        f"Content-Transfer-Encoding: {line}\r\n\r\n{text}\r\n--b--\r\n"
    )
    return (fields + trace + mixed).encode("utf-8", "surrogateescape")


def _bomb(parts: int) -> bytes:
    part = b"--b\r\nContent-Type: text/html; name=<b>\r\n\r\n<p>x\r\n"
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * parts + b"--b--\r\n"


def _nested(depth: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )


CONTENTS = {
    "markup in a text": b"Subject: x\r\n\r\n" + TEXT.encode() + b"\r\n",
    "markup everywhere": _everywhere(TEXT),
    "an HTML body": html_content(MARKUP + BIDI),
    "a base64 HTML body": (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==\r\n"
    ),
    "an encoded subject": (
        b"Subject: =?utf-7?q?+ADw-script+AD4-?= =?utf-8?b?PHNjcmlwdD4=?=\r\n\r\nx"
    ),
    "10 MB of one line": b"Subject: x\r\n\r\n" + b"<b>" * (SIZE // 3),
    "10 MB of one line of HTML": b"Content-Type: text/html\r\n\r\n" + b"<b>" * (SIZE // 3),
    "10 MB of one subject": b"Subject: " + b"<b>" * (SIZE // 3) + b"\r\n\r\nx\r\n",
    "10 MB of open comments": b"Content-Type: text/html\r\n\r\n" + b"<!--" * (SIZE // 4),
    "10 MB of delimiters": (
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"\r\n---" * (SIZE // 5)
    ),
    "10,000 parts": _bomb(10_000),
    "a depth of 1,000": _nested(1_000),
    "a header section of 1 MB": b"X-Field: <script>\r\n" * (2**20 // 19) + b"\r\nx\r\n",
    "one header field of 1 MB": (
        b"Received: from (((" + b"((a; " * (2**20 // 5) + b"\r\n"
        b"Content-Type: text/plain; x=" + b'";"' * 2**18 + b"\r\n\r\nx\r\n"
    ),
    "10,000 hops": b"Received: from <b> by <i>; x\r\n" * 10_000 + b"\r\nx\r\n",
    "10,000 attributes": html_content("<p " + "onclick=x " * 10_000 + ">x"),
    "nothing at all": b"",
    "no line end": b"\xff\xfe\x00",
}  # fmt: skip

# What our own cards are made of; a card that needs another tag adds it knowingly.
TAGS = frozenset(
    "a b br caption code dd details div dl dt em i iframe li ol p pre section span strong style "
    "summary table tbody td th thead tr ul wbr".split()
)
ATTRIBUTES = frozenset(
    "class id role style tabindex scope colspan open title sandbox srcdoc referrerpolicy "
    "data-uid aria-label aria-live aria-hidden".split()
)
# What a drawing is made of, and a link to a file of ours; only cards that name it may use it.
DRAWING = frozenset(
    "svg defs g marker path rect line text title tspan d dx dy x y x1 x2 y1 y2 rx width height "
    "start orient overflow text-anchor viewbox refx refy "
    "marker-end markerwidth markerheight markerunits".split()
)
DOWNLOAD = frozenset(("download", "href"))
MAX_HTML = 400_000  # characters that one card may put on the page


class Judge(HTMLParser):
    """Reads the HTML of a card: known tags only, each closed where it was opened."""

    def __init__(self, html: str, more: frozenset[str]) -> None:
        super().__init__()
        self.tags, self.attributes = TAGS | more, ATTRIBUTES | more
        self.open: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        assert tag in self.tags, f"<{tag}> is no tag of ours"
        assert {name for name, _ in attrs} <= self.attributes, f"<{tag} {attrs}>"
        if tag == "iframe":
            self.frames.append(dict(attrs))
        if tag not in ("br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> breaks out"

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data[:40]}")

    def handle_data(self, data):
        assert not set(data) & set("\x00\x1b\u202e\u2066\u200f\u2028"), "a control got through"


def judge(html: str, more: frozenset[str] = frozenset()) -> None:
    """Fail if anything foreign acts on the page; look into frames, too.

    `more` are tags and attributes that this card is made of besides.
    """
    assert len(html) <= MAX_HTML, f"{len(html)} characters"
    for frame in Judge(html, more).frames:
        assert frame["sandbox"] == "" and frame["title"]
        page = str(frame["srcdoc"])
        assert "default-src 'none'" in page and "src=" not in page.replace("srcdoc", "")
        assert "<script" not in page and " on" not in "".join(_tags(page))


def _tags(html: str) -> list[str]:
    return [piece.partition(">")[0] for piece in html.split("<")[1:]]


def html_of(widget: Widget) -> str:
    """All HTML that a card gives to the page, one widget after the other."""
    if isinstance(widget, HTML):
        return "" if widget.value.startswith("<style>") else widget.value
    children = getattr(widget, "children", ())
    assert not isinstance(widget, Button) or len(widget.description) < 60
    return "".join(map(html_of, children))


def find_buttons(widget: Widget, name: str) -> list[Button]:
    """The buttons of a card with this name."""
    if isinstance(widget, Button):
        return [widget] if widget.description == name else []
    children = getattr(widget, "children", ())
    return [button for child in children for button in find_buttons(child, name)]
