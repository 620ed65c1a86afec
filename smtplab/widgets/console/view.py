"""The console: a window on one SMTP session, by click, by keyboard and from code (RFC 5321, 4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from smtplab.client import Client
from smtplab.errors import LocalProtocolError
from smtplab.sandbox import Sandbox
from smtplab.session import VERBS
from smtplab.step_reply import StepReply
from smtplab.tokens import TakenApart
from smtplab.widgets.console import render
from smtplab.widgets.console.drawer import Drawer
from smtplab.widgets.console.gloss import taken_apart
from smtplab.widgets.console.log_view import LogView
from smtplab.widgets.console.model import ConsoleModel, Meaning
from smtplab.widgets.controls import HTML, Button, Checkbox, HBox, Textarea, ToggleButton
from smtplab.widgets.view import View, named

_T = TypeVar("_T")
_SENDS = {
    Meaning.COMMAND: "Send command",
    Meaning.RESPONSE: "Send response",
    Meaning.CONTENT: "Send content",
}
_PLACEHOLDERS = {Meaning.COMMAND: "for example: MAIL FROM:<alice@example.org>"}


class Console(View):
    """Speak SMTP with a server of the sandbox and watch both ends.

    A palette button sends its ready line at once: the reply is the lesson, and editing can wait.
    "Edit before sending" only fills the line.
    """

    def __init__(self, sandbox: Sandbox, host: str = "smtp.example.org", port: int = 587) -> None:
        super().__init__()
        self.model = ConsoleModel(sandbox, host, port)

        # widgets
        self._bar = HTML()
        self._start_over = Button(description="Start over", tooltip="Close and connect again")
        self._secrets = ToggleButton(
            description="Show secrets", tooltip="The sandbox's passwords are toys"
        )
        self._log = LogView(self.model)
        self._explanation = HTML()
        self._palette = {verb: Button(description=verb) for verb in VERBS}
        self._legend = HTML()
        self._edit_first = Checkbox(description="Edit before sending", indent=False)
        self._input = Textarea(rows=1)
        self._send_button = Button(description="Send")
        self._hint = HTML()
        self._drawer = Drawer(self.model)

        # layout
        bar = named("bar", HBox([self._bar, self._secrets, self._start_over]))
        main = named("main", HBox([self._log.view, named("explanation", self._explanation)]))
        palette = named("palette", HBox(list(self._palette.values())))
        line = [self._input, named("send", self._send_button)]
        above = [named("at-left", self._legend), self._edit_first]
        under = [named("at-left", self._hint), self._drawer.open]
        foot = named("foot", HBox([palette, *above, *line, *under, self._drawer.view]))
        self._frame("console", bar, main, self._drawer.tokens, foot)
        self._on_look()
        self.model.followers.append(self._draw)
        self._draw()

        # connections
        self._start_over.on_click(self._guarded(self.model.start_over))
        self._secrets.observe(self._guarded(self._on_secrets), "value")
        self._log.earlier.on_click(self._guarded(self._log.show_earlier))
        for verb, button in self._palette.items():
            button.on_click(self._guarded(partial(self._on_press, verb)))
        self._input.observe(self._on_typed, "value")
        self._send_button.on_click(self._guarded(self._on_button))
        for toggle in (self._drawer.open, self._drawer.both_ends, self._drawer.marks):
            toggle.observe(self._guarded(self._on_look), "value")
        self._drawer.apart.observe(self._guarded(self._on_look), "value")
        self._drawer.line.observe(self._guarded(self._on_look), "value")
        self._drawer.load.on_click(self._guarded(self._on_load))
        director = self._drawer.director
        for button, step in (
            (self._drawer.play, director.play),
            (self._drawer.rest, director.play_rest),
            (self._drawer.undo, director.undo),
        ):
            button.on_click(self._guarded(partial(self._directed, step)))

    # From code.

    def send(self, text: str) -> StepReply | None:
        """Send a line as if typed; after 354 the whole content. Raises what the panel shows."""
        return self._from_code(lambda: self.model.send(text))

    def press(self, verb: str) -> StepReply | None:
        """Press a palette button, such as "EHLO"."""
        return self._from_code(lambda: self.model.press(verb.upper()))

    def start_over(self) -> None:
        """Close the session and connect again; the sandbox and its mailboxes stay."""
        self._from_code(self.model.start_over)

    def take_apart(self, line: int = 0) -> list[TakenApart]:
        """The tokens of the exchange that a numbered line belongs to; 0 is the newest."""
        return [apart for _, apart in taken_apart(self.model.conversation.exchange(line))]

    def script(self, name: str) -> None:
        """Connect to a script's server and stand before its first line; see `SCRIPTS`."""
        self._from_code(lambda: self._drawer.director.load(name))

    def next_line(self) -> StepReply | None:
        """Send the next line of the script."""
        return self._from_code(self._drawer.director.play)

    def run_the_rest(self) -> StepReply | None:
        """Send all lines of the script that are left."""
        return self._from_code(self._drawer.director.play_rest)

    def undo(self) -> None:
        """Take the last step back; `LocalProtocolError` says why that cannot be."""
        self._from_code(self._drawer.director.undo)

    def close(self) -> None:
        """Break the connection and take the console off the page; what was said can be read."""
        with self._lock:
            self.model.close()
            if self._draw in self.model.followers:
                self.model.followers.remove(self._draw)
            super().close()

    def refresh(self) -> None:
        """Show what happened on this session outside the console."""
        self._from_code(self.model.refresh)

    @property
    def client(self) -> Client | None:
        """The client behind the console; None if it could not connect."""
        return self.model.client

    @property
    def reply(self) -> StepReply | None:
        """The last reply."""
        return self.model.reply

    # What a click or a key does.

    def _on_press(self, verb: str) -> None:
        if self._edit_first.value and self.model.meaning is Meaning.COMMAND:
            self.model.draft = self.model.ready_line(verb)
            self._input.focus()
        else:
            self._and_focus(lambda: self.model.press(verb))

    def _on_typed(self, change: Any) -> None:
        """A new line means Enter. It comes inside the text: a message of its own, as a one-line
        field sends it, may overtake the last letters while the kernel is busy."""
        with self._lock:
            before, now = self.model.draft, change["new"]
            at_the_end = now.endswith("\n")
            self.model.draft = now
            if self.model.meaning is Meaning.CONTENT or now == before:
                return
            if not at_the_end and now.replace("\n", "", 1) != before:
                if "\n" in now:
                    self._show()  # several lines were pasted: the field grows
                return
            self.model.draft = now.removesuffix("\n") if at_the_end else before
            self._guarded(self._on_send)(change)

    def _on_button(self) -> None:
        """Once a session is over, one thing is left to do."""
        if self.model.meaning is Meaning.CLOSED:
            self.model.start_over()
        else:
            self._on_send()

    def _on_send(self) -> None:
        """The field is emptied before the step, so that no letter typed meanwhile is lost."""
        line = self.model.take_draft()
        self._input.value = self.model.draft
        self._and_focus(lambda: self.model.send_taken(line))

    def _on_secrets(self) -> None:
        self._log.secrets = self._drawer.secrets = self._secrets.value

    def _on_look(self) -> None:
        """What the page shows beside the lines is a matter of the style sheet."""
        for name, toggle in (("both", self._drawer.both_ends), ("marks", self._drawer.marks)):
            change = self.view.add_class if toggle.value else self.view.remove_class
            change(f"smtplab-{name}")

    def _on_load(self) -> None:
        self._drawer.director.load(self._drawer.script.value)

    def _directed(self, step: Callable[[], object]) -> None:
        """A step of a script or an undo; what it refuses stands in the panel."""
        try:
            self._and_focus(step)
        except LocalProtocolError as error:
            self.model.fail("Nothing was sent", str(error))

    def _and_focus(self, step: Callable[[], object]) -> None:
        """Run a step; when the next line means something else, the input wants the learner."""
        before = self.model.meaning
        step()
        if self.model.meaning not in (before, Meaning.COMMAND, Meaning.CLOSED):
            self._input.focus()

    # Steps, and what is shown after each.

    def _from_code(self, step: Callable[[], _T]) -> _T:
        """The model keeps what went wrong, for the panel; a caller gets it raised."""
        result = super()._from_code(step)
        if self.model.error is not None:
            raise self.model.error
        return result

    def _fail(self, headline: str, text: str) -> None:
        self.model.fail(headline, text)

    def _show(self) -> None:
        self.model.tell()

    def _draw(self) -> None:
        model = self.model
        # The field first: whoever has read the reply may type at once.
        content = model.meaning is Meaning.CONTENT
        self._input.description = model.meaning.value
        self._input.placeholder = _PLACEHOLDERS.get(model.meaning, "")
        self._input.rows = 9 if content else min(6, model.draft.count("\n") + 1)
        self._input.value = model.draft
        self._send_button.description = _SENDS.get(model.meaning, "Connect again")
        self._bar.value = render.bar(model)
        self._log.show()
        self._explanation.value = render.explanation(model.reply, model.notice)
        for choice in model.palette:
            mark(self._palette[choice.verb], choice.line, choice.legal)
        self._legend.value = render.legend(model)
        self._hint.value = render.hint(model)
        self._drawer.show()

    def __repr__(self) -> str:
        return f"<Console on {self.model.host} : {self.model.port}, {self.model.state.value}>"

    def static_html(self) -> str:
        html = render.as_static_html(self.model, both_ends=self._drawer.both_ends.value)
        apart = self._drawer.taken_apart() if self._drawer.apart.value else []
        return html + "".join(tokens.to_html() for _, tokens in apart)

    def static_text(self) -> str:
        text = render.as_static_text(self.model, both_ends=self._drawer.both_ends.value)
        apart = self._drawer.taken_apart() if self._drawer.apart.value else []
        return "\n\n".join((text, *(str(tokens) for _, tokens in apart)))


def mark(button: Any, line: str, legal: bool) -> None:
    """Show on a button of a palette what it sends and whether that is in order."""
    shown = line if not line.startswith("AUTH") else "AUTH PLAIN with alice's toy password"
    button.tooltip = f"{'In order now' if legal else 'Out of order now'}. Sends: {shown}"
    button._dom_classes = ("smtplab-legal" if legal else "smtplab-illegal",)
