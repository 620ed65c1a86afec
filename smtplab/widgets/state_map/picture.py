"""The session table as two pictures, for a wide card and for a narrow one (RFC 5321, 4.1.4)."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import NamedTuple

from smtplab.session import State
from smtplab.widgets.state_map.layout import Arrow, arrows, columns, is_forward

TALL, LINE, LETTER = 36, 13, 7.3  # pixels: a box, a line of letters, the width of one

Point = tuple[float, float]


class Way(NamedTuple):
    """How the table lies: from the left to the right, or from the top down."""

    name: str  # its class on the page
    goes_down: bool
    pitch: float  # pixels from one step of the way to the next
    spread: float  # between states that are equally far
    box: float
    breadth: float  # of the whole picture, at a right angle to the way

    @property
    def size(self) -> Point:
        """Width and height."""
        edge = (TALL if self.goes_down else self.box) / 2 + 8  # a little air outside
        length = self.pitch * (len(columns()) - 1) + 2 * edge
        return (self.breadth, length) if self.goes_down else (length, self.breadth)

    def centre(self, state: State) -> Point:
        for n, column in enumerate(columns()):
            if state in column:
                along = self.pitch * n + (TALL if self.goes_down else self.box) / 2 + 8
                side = self.spread * (column.index(state) - (len(column) - 1) / 2)
                side += self.breadth / 2
                return (side, along) if self.goes_down else (along, side)
        raise KeyError(state)


ACROSS = Way("across", False, 150, 92, 88, 330)
DOWN = Way("down", True, 98, 130, 94, 430)


def pictures(now: State, visited: Collection[State]) -> str:
    """Both; the style sheet shows the one that fits."""
    both = "".join(picture(now, visited, way) for way in (ACROSS, DOWN))
    return (
        '<div class="smtplab-map" tabindex="0" role="group" aria-label="Picture of the states">'
        f"{_HEADS}{both}</div>"
    )


def picture(now: State, visited: Collection[State], way: Way = ACROSS) -> str:
    """The table as a picture: the present state filled, the ways out of it in strong lines."""
    here = [arrow for arrow in arrows() if arrow.start is now and arrow.end is not now]
    quiet = [arrow for arrow in arrows() if is_forward(arrow) and arrow.start is not now]
    drawn = "".join(_arrow(arrow, way, lit=False) for arrow in quiet)
    drawn += "".join(_arrow(arrow, way, lit=True) for arrow in here)
    ends = {arrow.end for arrow in here}
    boxes = "".join(
        _box(state, way, _looks(state, now, ends, visited))
        for column in columns()
        for state in column
    )
    width, height = way.size
    ways = "; ".join(f"{arrow.label} to {arrow.end.name}" for arrow in here) or "none"
    label = escape(f"The states of a session. Now: {now.name}, {now.value}. Ways out: {ways}")
    return (
        f'<svg class="smtplab-{way.name}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{label}">{drawn}{boxes}</svg>'
    )


# Beside the pictures: an arrow has no head while the picture that holds the head is not shown.
_HEADS = (
    '<svg class="smtplab-heads" width="0" height="0" aria-hidden="true"><defs>'
    + "".join(
        f'<marker id="smtplab-head-{name}" class="smtplab-head-{name}" viewBox="0 0 8 8" refX="7" '
        'refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>'
        for name in ("quiet", "lit")
    )
    + "</defs></svg>"
)


def _looks(
    state: State, now: State, ends: Collection[State], visited: Collection[State]
) -> list[str]:
    found = [
        ("now", state is now), ("next", state in ends), ("visited", state in visited),
    ]  # fmt: skip
    return [f"smtplab-{name}" for name, holds in found if holds]


def _box(state: State, way: Way, looks: list[str]) -> str:
    x, y = way.centre(state)
    return (
        f'<g class="{" ".join(["smtplab-state", *looks])}"><title>{escape(state.value)}</title>'
        f'<rect x="{x - way.box / 2:g}" y="{y - TALL / 2:g}" width="{way.box:g}" height="{TALL}" '
        f'rx="6"/><text x="{x:g}" y="{y + 4:g}">{escape(state.name)}</text></g>'
    )


def _arrow(arrow: Arrow, way: Way, *, lit: bool) -> str:
    ends = way.centre(arrow.start), way.centre(arrow.end)
    path, (x, y), words = (_down if way.goes_down else _across)(arrow, way, *ends)
    name = "lit" if lit else "quiet"
    lines = "".join(
        f'<tspan x="{x:g}" dy="{0 if n == 0 else LINE}">{escape(word)}</tspan>'
        for n, word in enumerate(words)
    )
    text = f'<text x="{x:g}" y="{y - LINE / 2 * (len(words) - 1) + 4:g}">{lines}</text>'
    line = f'<path d="{path}" marker-end="url(#smtplab-head-{name})"/>'
    return f'<g class="smtplab-arrow-{name}">{line}{text}</g>'


_Drawn = tuple[str, Point, list[str]]  # the path, the middle of its words, their lines


def _in_lines(arrow: Arrow) -> list[str]:
    return [*arrow.steps, arrow.label.split(": ")[1]]


def _straight(start: Point, end: Point) -> tuple[str, Point]:
    (x1, y1), (x2, y2) = start, end
    return f"M{x1:g} {y1:g}L{x2:g} {y2:g}", ((x1 + x2) / 2, (y1 + y2) / 2)


def _across(arrow: Arrow, way: Way, start: Point, end: Point) -> _Drawn:
    (x1, y1), (x2, y2) = start, end
    if is_forward(arrow):
        return *_straight((x1 + way.box / 2, y1), (x2 - way.box / 2, y2)), _in_lines(arrow)
    if x1 == x2:
        side = 1 if y2 > y1 else -1
        return *_straight((x1, y1 + side * TALL / 2), (x2, y2 - side * TALL / 2)), [arrow.label]
    side, far = (-1, 6) if x2 < x1 else (1, way.breadth - 6)  # back above the boxes, far on below
    y1, y2 = y1 + side * TALL / 2, y2 + side * TALL / 2
    at = (x1 + x2) / 2, 0.125 * (y1 + y2) + 0.75 * far + side * 10
    return f"M{x1:g} {y1:g}C{x1:g} {far:g} {x2:g} {far:g} {x2:g} {y2:g}", at, [arrow.label]


def _down(arrow: Arrow, way: Way, start: Point, end: Point) -> _Drawn:
    (x1, y1), (x2, y2) = start, end
    if is_forward(arrow):
        return *_straight((x1, y1 + TALL / 2), (x2, y2 - TALL / 2)), _in_lines(arrow)
    if y1 == y2:
        side = 1 if x2 > x1 else -1
        path, (x, y) = _straight((x1 + side * way.box / 2, y1), (x2 - side * way.box / 2, y2))
        return path, (x, y + TALL / 2 + 8), [arrow.label]
    # Far on at the right; back at the side where the state stands, else at the left.
    side = 1 if y2 > y1 or x1 > way.breadth / 2 else -1
    out = 232 if y2 > y1 else min(150 + 28 * (y1 - y2) / way.pitch, 232)
    far = way.breadth / 2 + side * out
    x1, x2 = x1 + side * way.box / 2, x2 + side * way.box / 2
    words = _in_lines(arrow)
    room = LETTER * max(map(len, words)) / 2 + 2
    at = min(max(0.125 * (x1 + x2) + 0.75 * far, room), way.breadth - room), (y1 + y2) / 2
    return f"M{x1:g} {y1:g}C{far:g} {y1:g} {far:g} {y2:g} {x2:g} {y2:g}", at, words
