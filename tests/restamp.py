"""Runs notebooks and stores their outputs in the one form that the course keeps in the clone.

`python -m tests.restamp` does all notebooks, after any change of what they show. A new lesson may
begin as text: `python -m tests.restamp --draft lesson.md notebooks/03-lesson.ipynb`, where each
```python fence becomes a code cell (words behind `python` are its tags) and a line `+++` begins a
new cell of prose.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

import smtplab
from smtplab.cli.kernels import reached_in
from smtplab.lessons.progress import VARIABLE

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LIVE = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
VERSION = re.compile(r'(begin\("\w+", notebook=)"[^"]*"')
FENCE = re.compile(r"^```python(.*)\n((?:.*\n)*?)```\n", re.MULTILINE)


def notebook_from(draft: str) -> nbformat.NotebookNode:
    """The notebook that a text describes, not yet run."""
    return new_notebook(cells=list(_cells(draft)))


def _cells(draft: str) -> Iterator[nbformat.NotebookNode]:
    at = 0
    for fence in FENCE.finditer(draft):
        yield from _prose(draft[at : fence.start()])
        tags = fence[1].split()
        metadata = {"tags": tags} if tags else {}
        yield new_code_cell(fence[2].rstrip("\n"), metadata=metadata)
        at = fence.end()
    yield from _prose(draft[at:])


def _prose(text: str) -> Iterator[nbformat.NotebookNode]:
    for part in re.split(r"^\+\+\+$", text, flags=re.MULTILINE):
        if part.strip():
            yield new_markdown_cell(part.strip("\n"))


def run(notebook: nbformat.NotebookNode, folder: Path = NOTEBOOKS) -> None:
    """Run all cells in a fresh kernel; an exception ends it and is raised here.

    Text that was printed in one go is one output, however often a busy machine has flushed it.
    """
    with tempfile.TemporaryDirectory(prefix="smtplab-") as place:
        NotebookClient(
            notebook,
            config=Config(KernelManager=reached_in(Path(place))),
            timeout=60,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = list(_joined(cell.outputs))


def _joined(outputs: Sequence[nbformat.NotebookNode]) -> Iterator[nbformat.NotebookNode]:
    for stream, group in groupby(outputs, lambda output: output.get("name")):
        first, *rest = group
        if stream is None:
            yield from (first, *rest)
        else:
            first.text = "".join(output.text for output in (first, *rest))
            yield first


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Everything that would differ without a reason: counts, ids, metadata, live views."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02d}"
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            if "data" in output:
                output.data.pop(LIVE, None)
                output.metadata = {}


def restamp(notebook: nbformat.NotebookNode) -> None:
    """Write the package's version into the first cell, run, tidy."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = VERSION.sub(rf'\1"{smtplab.__version__}"', cell.source)
    run(notebook)
    tidy(notebook)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.restamp", description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="left out: the whole course")
    parser.add_argument("--draft", type=Path, help="make the one notebook named from this text")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    if options.draft and len(paths) != 1:
        parser.error("--draft makes one notebook; name it")
    os.environ.pop("SMTPLAB_TRANSPORT", None)  # stored outputs come from the default
    os.environ[VARIABLE] = "off"  # and know nothing of what anybody did
    for path in paths:
        if options.draft:
            notebook = notebook_from(options.draft.read_text(encoding="utf-8"))
        else:
            notebook = nbformat.read(path, as_version=4)
        restamp(notebook)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(path.name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
