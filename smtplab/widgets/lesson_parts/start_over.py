"""One button that starts the sandbox over."""

from __future__ import annotations

from smtplab.sandbox import Sandbox
from smtplab.widgets.controls import HTML, Button, HBox, VBox
from smtplab.widgets.pieces import legend, title
from smtplab.widgets.view import View, named

_WHAT = (
    "The mailboxes become empty, the world's clock goes back to its start, and sessions end. Your "
    "notebook keeps its text. A console connects again with its own Start over."
)

_CAME = (
    "Now all mailboxes are empty, the world's clock stands at its start, and no session is open. "
    "A console connects again with its own Start over."
)


class StartOver(View):
    """Start the sandbox over by one click, when something has gone astray."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self._times = 0

        # widgets
        self._bar = HTML(title("The sandbox"))
        self._button = Button(description="Start over", tooltip="Restart all servers, empty")
        self._told = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._button]))
        self._frame("part", bar, named("body", VBox([self._told, self._alert])))
        self._show()

        # connections
        self._button.on_click(self._guarded(self._restart))

    def press(self) -> Sandbox:
        """Press the button."""
        return self._from_code(self._restart)

    def _restart(self) -> Sandbox:
        self.sandbox.restart()
        self._times += 1
        return self.sandbox

    def _state(self) -> str:
        times = "once" if self._times == 1 else f"{self._times} times"
        return f"The sandbox was started over {times}. {_CAME}" if self._times else _WHAT

    def _show(self) -> None:
        self._told.value = legend(self._state())

    def static_html(self) -> str:
        return f"<p><b>The sandbox, start over.</b> {self._state()}</p>"

    def static_text(self) -> str:
        return f"The sandbox, start over. {self._state()}"
