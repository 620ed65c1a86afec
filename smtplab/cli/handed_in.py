"""Run one handed-in notebook in a process of its own, and see which checks hold.

The notebook's stored outputs count for nothing. Its cells run in a fresh kernel. After each cell
that asks for a check, and after the last one, a cell of ours calls `check` for every exercise of
the lesson on every sandbox that the notebook has. What that cell prints is marked with a word that
this process draws at random.

What a notebook that cheats could still do: its code and ours share one kernel. So it can replace
parts of smtplab there, read our cell while it runs, and print what we would print; it can also send
the octets of somebody else's solution. Nothing here can tell. Whoever gives marks reads the
notebooks too, as they would read an essay.

`python -m smtplab.cli.handed_in NOTEBOOK` reads its task as JSON from standard input and answers in
JSON lines: first {"kernel": process id}, at the end {"ran": ..., "verdicts": ...}.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from smtplab.cli.kernels import reached_in

LESSON = re.compile(r"""\bbegin\(\s*["']([0-9]{2})["']""")
_NAMED = re.compile(r"(?<![0-9])[0-9]{2}(?![0-9])")
_CHECKS = re.compile(r"\b(?:check|ExerciseCard)\s*\(|\.check\(")
_IN_WORDS = {"StdinNotImplementedError": "it waited for somebody to type"}
MAX_WORD = 300  # characters of a sentence in the table; ours to choose

GRADER = """\
def _smtplab_judge():
    import json
    from smtplab.lessons.exercise import check
    from smtplab.sandbox import Sandbox
    worlds = []
    for one in list(globals().values()):
        if type(one) is Sandbox and all(one is not other for other in worlds):
            worlds.append(one)
    found = {{}}
    for number in {numbers!r}:
        verdicts = [check(number, one) for one in worlds]
        best = max(verdicts, key=lambda v: (v.passed, sum(h for _, h in v.steps)), default=None)
        passed = best is not None and best.passed is True
        words = "no sandbox was found" if best is None else "" if passed else best.lines[0]
        found[number] = [passed, str(words)]
    print({mark!r} + json.dumps(found), flush=True)
_smtplab_judge()
"""


def lesson_of(sources: list[str], name: str, known: list[str]) -> str | None:
    """The lesson that a notebook belongs to: by its first cell, or else by its file's name.

    >>> lesson_of(['begin("02", notebook="0.1.0")'], "mine.ipynb", ["01", "02"])
    '02'
    >>> lesson_of(["1 + 1"], "01-what.ipynb", ["01", "02"]), lesson_of([], "x.ipynb", ["01"])
    ('01', None)
    """
    said = (match[1] for source in sources for match in LESSON.finditer(source))
    return next((one for one in (*said, *_NAMED.findall(name)) if one in known), None)


def judged(task: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    """The answers, one after the other; what goes wrong in the notebook is in them."""
    import nbformat

    from smtplab.lessons.catalogue import LESSONS

    try:
        notebook = nbformat.read(path, as_version=4)
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    except Exception:  # a border: any file may call itself a notebook
        yield {"ran": "cannot be read as a notebook", "verdicts": {}}
        return
    lesson = lesson_of(sources, str(task["name"]), list(LESSONS))
    if lesson is None:
        yield {"ran": "belongs to no lesson that is known", "verdicts": {}}
        return
    numbers = [one.number for one in LESSONS[lesson].exercises]
    mark = f"{secrets.token_hex(16)} "
    with_graders(notebook, GRADER.format(numbers=numbers, mark=mark))
    is_ended = yield from _executed(notebook, task, path.parent)
    verdicts = _verdicts(notebook, mark, numbers)
    own = [cell for cell in notebook.cells if "smtplab" not in cell.metadata]
    errors = [
        output.ename
        for cell in own
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    ]
    ran = "a cell ended the kernel" if is_ended else how_it_ran(errors, task["cell_seconds"])
    if not (verdicts or is_ended):
        ran = "gave no verdict: something in it stands in the way of the checks"
    yield {
        "ran": ran[:MAX_WORD],
        "lesson": lesson,
        "verdicts": verdicts,
    }


_STOPS = ("KeyboardInterrupt", "StepInterrupted", "SendInterrupted", "TimeLimit")


def how_it_ran(errors: list[str], seconds: int) -> str:
    """For the table: what became of the notebook's own cells.

    >>> how_it_ran([], 60), how_it_ran(["NameError"], 60)
    ('whole', '1 cell failed: NameError')
    >>> how_it_ran(["KeyboardInterrupt", "NameError"], 60)
    '2 cells failed, the first: stopped after 60 seconds'
    """
    if not errors:
        return "whole"
    stopped = f"stopped after {seconds} seconds"  # nobody else interrupts a cell here
    words = {**dict.fromkeys(_STOPS, stopped), **_IN_WORDS}
    failed = "1 cell failed" if len(errors) == 1 else f"{len(errors)} cells failed, the first"
    return f"{failed}: {words.get(errors[0], errors[0])}"


def with_graders(notebook: Any, code: str) -> None:
    """Put our cell behind each cell that asks for a check, and behind the last.

    Behind each: a later cell may start the sandbox over, and the evidence would be gone.
    """
    from nbformat.v4 import new_code_cell

    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
        cells.append(cell)
        if cell.cell_type == "code" and _CHECKS.search(cell.source):
            cells.append(new_code_cell(code, metadata={"smtplab": "judge"}))
    cells.append(new_code_cell(code, metadata={"smtplab": "judge"}))
    notebook.cells = cells


def _executed(
    notebook: Any, task: dict[str, Any], folder: Path
) -> Generator[dict[str, Any], None, bool]:
    """Run all cells; the kernel's process id comes first, so that it can be ended from outside.

    True if a cell ended the kernel, as `exit()` does: what was seen before it counts.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
    from traitlets.config import Config

    client = NotebookClient(
        notebook,
        config=Config(KernelManager=reached_in(folder)),
        timeout=task["cell_seconds"],
        kernel_name="python3",  # whatever the notebook names: this Python judges
        allow_errors=True,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "TimeLimit", "evalue": "", "traceback": []},
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    with client.setup_kernel():
        yield {"kernel": _process_id(client)}
        try:
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
        except DeadKernelError:
            return True
    return False


def _process_id(client: Any) -> int:
    process = getattr(client.km.provisioner, "process", None)
    return int(getattr(process, "pid", 0))


def _verdicts(notebook: Any, mark: str, numbers: list[str]) -> dict[str, list[Any]]:
    """What our cells printed: passed once is passed; else the sentence of the last look."""
    best: dict[str, list[Any]] = {}
    for cell in notebook.cells:
        if "smtplab" not in cell.metadata:
            continue
        texts = (o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
        for line in "".join(texts).splitlines():
            if not line.startswith(mark):
                continue
            with suppress(ValueError, TypeError, KeyError, IndexError):
                found = json.loads(line.removeprefix(mark))
                for number in numbers:
                    passed, words = found[number]
                    if not best.get(number, [False])[0]:
                        best[number] = [passed is True, str(words)[:MAX_WORD]]
    return best


def bound(task: dict[str, Any]) -> None:
    """Limit this process and the kernel that it starts, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    limits = (
        (resource.RLIMIT_AS, task["megabytes"] * 2**20),
        (resource.RLIMIT_FSIZE, 64 * 2**20),  # of one file that it writes; ours to choose
        (resource.RLIMIT_CORE, 0),
    )
    for name, limit in limits:
        with suppress(ValueError, OSError):  # a lower limit holds already
            resource.setrlimit(name, (limit, limit))


def main() -> int:
    """Do the task on standard input.

    The kernel would inherit standard output, and the notebook could answer in our place: so the
    answers go through a copy of it that no child gets.
    """
    task = json.loads(sys.stdin.read())
    bound(task)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        for answer in judged(task, Path(sys.argv[1])):
            print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
