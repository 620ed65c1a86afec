"""The inbox as a card: choosers, list, and six views of one mail object (RFC 5322, RFC 5321)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from smtplab.sandbox import Sandbox
from smtplab.widgets.controls import HTML, Button, Checkbox, Dropdown, HBox, Select, VBox, shown
from smtplab.widgets.inbox import render
from smtplab.widgets.inbox.model import Aspect, InboxModel, Reading
from smtplab.widgets.view import View, named


class Inbox(View):
    """What lies in a mailbox of the sandbox, as a mail program shows it and as it really is.

    Nothing in a message can load or run: an HTML body is taken apart, written anew, and shown in
    a frame without any rights.
    """

    def __init__(self, sandbox: Sandbox, mailbox: str = "bob@example.net") -> None:
        super().__init__()
        self.model = InboxModel(sandbox, mailbox)
        self._showing = False

        # widgets
        self._bar = HTML()
        self._refresh = Button(description="Refresh", tooltip="Look into the mailbox again")
        self._mailbox = Dropdown(description="Mailbox")
        self._folder = Dropdown(description="Folder")
        self._headings = HTML(render.HEADINGS)
        self._list = Select(description="Mail", rows=5)
        # JupyterLab keeps the arrow keys for its cells: a list box alone would want a mouse.
        self._next = Button(description="Next", tooltip="Open the one below")
        self._previous = Button(description="Previous", tooltip="Open the one above")
        self._older = Button(description="Show older")
        self._aspects = {one: Button(description=one.value) for one in Aspect}
        self._line_ends = Checkbox(description="Show CR LF", indent=False)
        self._panel = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh]))
        choose = named("choose", HBox([self._mailbox, self._folder]))
        rows = named("list", VBox([self._headings, self._list]))
        turn = named("choose", HBox([self._previous, self._next, self._older]))
        aspects = named("aspects", HBox([*self._aspects.values(), self._line_ends]))
        panel = named("panel", self._panel)
        self._frame("inbox", bar, choose, rows, turn, self._alert, aspects, panel)
        self._show()

        # connections
        self._refresh.on_click(self._guarded(self.model.refresh))
        self._mailbox.observe(self._guarded(self._on_mailbox), "value")
        self._folder.observe(self._guarded(self._on_folder), "value")
        self._list.observe(self._guarded(self._on_list), "value")
        self._next.on_click(self._guarded(partial(self.model.step, 1)))
        self._previous.on_click(self._guarded(partial(self.model.step, -1)))
        self._older.on_click(self._guarded(self.model.show_older))
        for aspect, button in self._aspects.items():
            button.on_click(self._guarded(partial(self._look, aspect)))
        self._line_ends.observe(self._guarded(self._on_line_ends), "value")

    # From code.

    def refresh(self) -> None:
        """Look into the mailbox again."""
        self._from_code(self.model.refresh)

    def choose(self, mailbox: str, folder: str = "Inbox") -> None:
        """Open a folder of a mailbox; `KeyError` lists those there are."""
        self._from_code(lambda: self._choose(mailbox, folder))

    def open(self, uid: int) -> Reading | None:
        """Open a mail object by its number in the folder; `KeyError` lists the numbers."""
        return self._from_code(lambda: self.model.open(uid))

    def look_at(self, aspect: str) -> None:
        """Show "Message", "Envelope", "Way", "Checks", "Parts" or "Raw"."""
        self._from_code(lambda: self._look(Aspect(aspect.capitalize())))

    # What a click does.

    def _choose(self, mailbox: str, folder: str) -> None:
        self.model.choose_mailbox(mailbox)
        self.model.choose_folder(folder)

    def _on_mailbox(self) -> None:
        if not self._showing and self._mailbox.value != self.model.mailbox:
            self.model.choose_mailbox(self._mailbox.value)

    def _on_folder(self) -> None:
        if not self._showing and self._folder.value != self.model.folder:
            self.model.choose_folder(self._folder.value)

    def _on_list(self) -> None:
        if not self._showing and self._list.value != self.model.uid:
            self.model.open(self._list.value)

    def _look(self, aspect: Aspect) -> None:
        self.model.aspect = aspect

    def _on_line_ends(self) -> None:
        self.model.marks_line_ends = self._line_ends.value

    # What is shown.

    def _show(self) -> None:
        if self._showing:  # setting a chooser calls back
            return
        self._showing = True
        try:
            self._show_choosers()
        finally:
            self._showing = False
        model = self.model
        self._bar.value = render.bar(model)
        shown(self._older, bool(model.older))
        self._older.description = f"Show older ({model.older})"
        shown(self._line_ends, model.aspect is Aspect.RAW)
        for aspect, button in self._aspects.items():
            now = aspect is model.aspect
            button._dom_classes = ("mod-active",) if now else ()
            button.tooltip = "Shown now" if now else f"Show: {aspect.value}"
        self._panel.value = render.panel(model)

    def _show_choosers(self) -> None:
        model = self.model
        _set(self._mailbox, [(name, name) for name in model.names], model.mailbox)
        folders = [(f"{folder} ({count})", folder) for folder, count in model.counts.items()]
        _set(self._folder, folders, model.folder)
        _set(self._list, [(render.line(one), one.uid) for one in model.entries], model.uid)

    def __repr__(self) -> str:
        return f"<Inbox of {self.model.mailbox}: {self.model.folder}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)


def _set(chooser: Dropdown | Select, options: Sequence[tuple[str, object]], value: object) -> None:
    """Bring a chooser up to date; nothing is sent if nothing changed."""
    if list(chooser.options) != list(options):
        chooser.options = options
    if chooser.value != value and any(one == value for _, one in options):
        chooser.value = value
