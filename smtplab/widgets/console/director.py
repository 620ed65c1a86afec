"""Plays scripts on a console's model, and takes the last step back by a replay (RFC 5321, 3)."""

from __future__ import annotations

from smtplab.errors import LocalProtocolError
from smtplab.step_reply import StepReply
from smtplab.widgets.console.examples import ready_content
from smtplab.widgets.console.history import Step
from smtplab.widgets.console.model import ConsoleModel, Meaning, Notice
from smtplab.widgets.console.scripts import CHUNK, CONTENT, LAST_CHUNK, READY, Playing, script


class Director:
    """Says what comes next and has it done; every line really goes out."""

    def __init__(self, model: ConsoleModel) -> None:
        self.model = model

    # Scripts.

    def load(self, name: str) -> None:
        """Connect to the script's server and stand before its first line."""
        chosen, model = script(name), self.model
        model.host, model.port = chosen.host, chosen.port
        model.playing = Playing(chosen)
        model.start_over()

    @property
    def next_line(self) -> str | None:
        """What the next step would send, a password hidden; None if there is nothing."""
        line = self.model.playing.next_line if self.model.playing else None
        if line is None or line not in READY:
            return line
        return "AUTH PLAIN ********" if line == "AUTH" else self.model.ready_line(line)

    def play(self) -> StepReply | None:
        """Send the next line of the script; None if nothing could be sent."""
        model = self.model
        line = model.playing.next_line if model.playing else None
        if model.playing is None or line is None:
            raise LocalProtocolError("the script has no further line; choose one, or start over")
        reply = self._send(line)
        if model.error is None:
            model.playing.at += 1
            model.history.steps[-1] = model.history.steps[-1]._replace(scripted=True)
        return reply

    def play_rest(self) -> StepReply | None:
        """Send all lines that are left; stops where one cannot be sent or the session is over."""
        reply = self.play()
        while self.model.error is None and self.next_line is not None:
            if self.model.meaning is Meaning.CLOSED:
                break
            reply = self.play()
        return reply

    def _send(self, line: str) -> StepReply | None:
        model = self.model
        if line in (CHUNK, LAST_CHUNK):
            header, body = ready_content(model.sandbox.clock.now()).split("\n\n", 1)
            last = line == LAST_CHUNK
            return model.send_chunk(body if last else f"{header}\n\n", last=last)
        if line == CONTENT:
            if model.meaning is not Meaning.CONTENT:
                raise LocalProtocolError(
                    "the server has not asked for the content, so each line of it would be taken "
                    "as a command; the script stops here"
                )
            return model.send(ready_content(model.sandbox.clock.now()))
        return model.send(model.ready_line(line) if line in READY else line)

    # Undo.

    @property
    def why_no_undo(self) -> str:
        """Why the last step cannot be taken back; "" if it can."""
        return self.model.history.why_no_undo

    def undo(self) -> None:
        """Make the world anew and repeat every step but the last.

        First a twin of the sandbox hears the same steps. If it replies differently, something
        came from elsewhere (a policy, a fault, the clock), and nothing is changed.
        """
        model, history = self.model, self.model.history
        steps = history.steps
        if self.why_no_undo:
            raise LocalProtocolError(self.why_no_undo)
        try:
            twin = model.sandbox.twin()
        except ValueError as error:
            history.outside = str(error)
            raise LocalProtocolError(self.why_no_undo) from None
        with twin:
            tried = ConsoleModel(twin, *_place(steps[0]))
            _repeat(tried, steps[1:])
            same = tried.history.replies == history.replies
            same = same and twin.clock.now() == model.sandbox.clock.now()
            tried.close()
        if not same:
            history.outside = "the sandbox was changed from elsewhere"
            raise LocalProtocolError(f"{self.why_no_undo}; nothing was changed")
        model.close()
        model.sandbox.restart()
        model.host, model.port = _place(steps[0])
        model.start_over()
        _repeat(model, steps[1:-1])
        told = "The steps before it were repeated in a new sandbox: what lies in the mailboxes now "
        told += "is what they brought there."
        model.notice = Notice(f"Taken back: {steps[-1].told}", told)


def _place(step: Step) -> tuple[str, int]:
    host, port = step.text.split()
    return host, int(port)


def _repeat(model: ConsoleModel, steps: list[Step]) -> None:
    for step in steps:
        if step.do == "connect":
            model.host, model.port = _place(step)
            model.start_over()
        elif step.do == "chunk":
            model.send_chunk(step.text, last=step.last)
        else:
            model.send(step.text)
        if step.scripted and model.playing is not None:
            model.playing.at += 1
            model.history.steps[-1] = step
