"""Progress: the course as a list, the learner's work as a file, and such a file back again."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from smtplab.lessons.progress import Done, ProgressFile, progress_file
from smtplab.lessons.work import Packed, Unpacked, WorkError, pack, unpack
from smtplab.widgets.controls import HTML, Button, FileUpload, HBox, VBox
from smtplab.widgets.lesson_parts import render
from smtplab.widgets.pieces import chips, legend, safe, title
from smtplab.widgets.view import View, named

FILE_NAME = "smtplab-work.zip"
_SAVED = (
    "Exercises and answers count as done when a check or an answer was right. Save your notebook "
    "(Ctrl S) before you download: the file holds what was saved last."
)
_ASK = "This forgets what was done; the notebooks stay as they are. Press once more to do it."


class Progress(View):
    """What was done in the course. `file` and `folder` are found by themselves in a notebook."""

    def __init__(self, file: ProgressFile | None = None, folder: Path | None = None) -> None:
        super().__init__()
        self.file = file or progress_file()
        self.folder = folder or Path.cwd()
        self._asked = False
        self._link = ""
        self._remarks: tuple[str, ...] = ()

        # widgets
        self._bar = HTML()
        self._table = HTML()
        self._told = HTML()
        self._refresh = Button(description="Refresh", tooltip="Read the progress file again")
        self._download = Button(description="Download my work", tooltip="Notebooks and progress")
        self._upload = FileUpload(
            description="Load my work", tooltip="Take such a file back", accept=".zip", icon=""
        )
        self._start_over = Button()

        # layout
        buttons = [self._download, self._upload, self._refresh, self._start_over]
        foot = VBox([self._told, named("choices", HBox(buttons))])
        body = named("body", VBox([self._table, self._alert]))
        self._frame("part", named("bar", HBox([self._bar])), body, named("foot", foot))
        self._show()

        # connections
        self._refresh.on_click(self._guarded(self._forget_remarks))
        self._download.on_click(self._guarded(self._on_download))
        self._upload.observe(self._on_upload, "value")
        self._start_over.on_click(self._guarded(self._on_start_over))

    # From code.

    @property
    def done(self) -> Done:
        """What the file says now."""
        return self.file.read()

    def refresh(self) -> None:
        """Read the file again."""
        self._from_code(self._forget_remarks)

    def download(self) -> Packed:
        """Make the .zip and its link; `octets` of the result are the file."""
        return self._from_code(self._on_download)

    def load(self, octets: bytes) -> Unpacked:
        """Take such a file back; `WorkError` if it is none. No notebook is overwritten."""
        return self._from_code(lambda: self._load(octets))

    def start_over(self) -> None:
        """Forget what was done, unasked."""
        self._from_code(self._forget)

    # What a click does.

    def _on_download(self) -> Packed:
        self._asked = False
        packed = pack(self.folder, self.file.read())
        count = "1 notebook" if len(packed.names) == 1 else f"{len(packed.names)} notebooks"
        size = f"{max(1, len(packed.octets) // 1024)} KiB, {count}"
        address = f"data:application/zip;base64,{b64encode(packed.octets).decode()}"
        self._link = f'<a download="{FILE_NAME}" href="{address}">Save {FILE_NAME}</a> ({size})'
        self._remarks = packed.remarks
        return packed

    def _on_upload(self, change: Any) -> None:
        if change["new"]:
            self._guarded(lambda: self._take(change["new"][0]))(change)
            self._upload.value = ()

    def _take(self, uploaded: Any) -> None:
        try:
            self._load(bytes(uploaded["content"]))
        except WorkError as error:  # the learner can choose another file
            self._fail("Not loaded", str(error))

    def _load(self, octets: bytes) -> Unpacked:
        self._forget_remarks()
        unpacked = unpack(octets, self.folder)
        self.file.add(unpacked.done)
        self._remarks = (
            f"Loaded: {', '.join(unpacked.names) or 'no notebook'}, and what was done.",
            *unpacked.remarks,
            self.file.trouble,
        )
        return unpacked

    def _on_start_over(self) -> None:
        if self._asked:
            self._forget()
        else:
            self._forget_remarks()
            self._asked, self._remarks = True, (_ASK,)

    def _forget(self) -> None:
        self._forget_remarks()
        self.file.forget()
        self._remarks = ("What was done is forgotten.", self.file.trouble)

    def _forget_remarks(self) -> None:
        self._asked, self._link, self._remarks = False, "", ()

    # What is shown after each step.

    def _show(self) -> None:
        done = self.file.read()
        self._bar.value = title("Your progress") + chips([render.progress_count(done)])
        self._table.value = render.progress_table(done)
        nowhere = "Nothing is kept here: no folder for it is known." if not self.file.path else ""
        lines = filter(None, (*self._remarks, self.file.trouble, nowhere))
        self._told.value = (
            (f"<p>{self._link}</p>" if self._link else "")
            + "".join(f"<p>{safe(line)}</p>" for line in dict.fromkeys(lines))
            + legend(_SAVED)
        )
        self._start_over.description = "Yes, forget it" if self._asked else "Start over"
        self._start_over.tooltip = "Forget what was done" if self._asked else "Asks once"

    def static_html(self) -> str:
        done = self.file.read()
        return (
            f"<p><b>Your progress</b>: {safe(render.progress_count(done))}</p>"
            f"{render.progress_table(done)}"
        )

    def static_text(self) -> str:
        done = self.file.read()
        lines = [f"Your progress: {render.progress_count(done)}"]
        for lesson, exercises, questions in render.progress_rows(done):
            lines.append(f"  {lesson}\n    exercises {exercises}\n    questions {questions}")
        return "\n".join(lines)
