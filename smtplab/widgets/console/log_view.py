"""The conversation as a column of chunks: a step rewrites one or two, whatever came before."""

from __future__ import annotations

from smtplab.widgets.console import render
from smtplab.widgets.console.model import ConsoleModel
from smtplab.widgets.controls import HTML, Button, VBox

CHUNK = 20  # rows a widget
MOST_CHUNKS = 16  # on the page unless more are asked for; past it the older half is taken off


class LogView:
    """The newest rows, always in sight; older ones by a button."""

    def __init__(self, model: ConsoleModel) -> None:
        self._model = model
        self.secrets = False

        # widgets
        self.earlier = Button(description="Show earlier lines")
        self._headings = HTML(render.HEADINGS).add_class("smtplab-head")
        self._chunks: dict[int, HTML] = {}
        self._column = VBox()

        # layout
        self.view = VBox([self._column]).add_class("smtplab-log")
        self._start()

    def _start(self) -> None:
        self._conversation = self._model.conversation
        self._drawn_with_secrets = self.secrets
        self._first = 0  # chunk
        self._most = MOST_CHUNKS
        self._lit_from = 0  # row
        for chunk in self._chunks.values():
            chunk.close()
        self._chunks.clear()

    def show(self) -> None:
        """Draw what is new, and once more the exchange that was lit before."""
        if self._model.conversation is not self._conversation:
            self._start()
        conversation = self._conversation
        last = max(0, len(conversation) - 1) // CHUNK
        if last - self._first >= self._most:
            self._most = MOST_CHUNKS
            self._first = last - MOST_CHUNKS // 2
        dirty = self._lit_from // CHUNK
        if self._drawn_with_secrets is not self.secrets:
            self._drawn_with_secrets, dirty = self.secrets, self._first
        for number in range(max(self._first, dirty), last + 1):
            self._draw(number)
        self._lit_from = conversation.newest_from
        self._arrange()

    def show_earlier(self) -> None:
        """Put older chunks back on the page."""
        shown = self._first
        self._first = max(0, shown - MOST_CHUNKS // 2)
        self._most += shown - self._first
        for number in range(self._first, shown):
            self._draw(number)
        self._arrange()

    def _draw(self, number: int) -> None:
        rows = self._conversation.rows(number * CHUNK, (number + 1) * CHUNK)
        chunk = self._chunks.get(number)
        if chunk is None:
            chunk = self._chunks[number] = HTML()
        chunk.value = render.rows_html(rows, self._conversation.newest_step, secrets=self.secrets)

    def _arrange(self) -> None:
        for number in [number for number in self._chunks if number < self._first]:
            self._chunks.pop(number).close()
        chunks = [self._chunks[number] for number in sorted(self._chunks)]
        wanted = (self._headings, *([self.earlier] if self._first else []), *chunks)
        if self._column.children != wanted:
            self._column.children = wanted
