"""The rules that every notebook keeps; each is a function that lists what breaks it."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

import smtplab
from smtplab import lessons

MAX_LINES = 12
BANNED = re.compile(r"\b(simply|just|obviously)\b", re.IGNORECASE)
FORM = (
    "**The question.**",
    "**After this lesson you can**",
    "**You need**",
    "**Minutes:**",
    "**Predict",
    "What people get wrong",
    "Exercise",
    "Quiz",
    "## Summary",
)
STUB = "# your lines here"
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
CITED = re.compile(r"RFC (\d+)(?:, (\d+(?:\.\d+)*))?")
NEEDS_TLS = re.compile(r"starttls|signed_in\(|needs-tls")
LIVE = "application/vnd.jupyter.widget-view+json"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def form(notebook: NotebookNode) -> Iterator[str]:
    """The parts of a lesson, and one H1 at its head."""
    text = prose(notebook)
    yield from (f"no {part!r}" for part in FORM if part not in text)
    unfenced = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    levels = [len(mark) for mark in re.findall(r"^(#+) ", unfenced, re.MULTILINE)]
    if levels.count(1) != 1 or levels[0] != 1:
        yield "not exactly one H1, at the head"
    yield from (
        f"a heading of level {b} under one of level {a}"
        for a, b in zip(levels, levels[1:], strict=False)
        if b > a + 1
    )
    sources = [cell.source for cell in code_cells(notebook)]
    if sum(source.startswith(STUB) for source in sources) < 3:
        yield "fewer than three exercises"
    first_code = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    before = "\n".join(cell.source for cell in notebook.cells[:first_code])
    if "Shift+Enter" not in before:
        yield "the first cell does not say that the first Shift+Enter may be lost"


def cells(notebook: NotebookNode) -> Iterator[str]:
    """Prose before code, and code that is short."""
    previous = "code"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if previous == "code":
                yield f"no prose before {cell.source!r}"
            if len(cell.source.splitlines()) > MAX_LINES:
                yield f"more than {MAX_LINES} lines: {cell.source!r}"
            tls = NEEDS_TLS.search(cell.source)
            imports = "import" in cell.source
            if tls and not imports and "needs-tls" not in cell.metadata.get("tags", []):
                yield f"no tag needs-tls at {cell.source!r}"
        previous = cell.cell_type


def words(notebook: NotebookNode) -> Iterator[str]:
    """No banned word, no picture without a text, nothing that a dark theme loses."""
    text = prose(notebook) + "".join(cell.source for cell in code_cells(notebook))
    yield from (f"banned: {match[0]}" for match in BANNED.finditer(text))
    if re.search(r"!\[\s*\]|<img(?![^>]*alt=)", text):
        yield "a picture without alt text"
    if "```mermaid" in text or "alert-" in text:
        yield "Mermaid or an alert box"


def citations(notebook: NotebookNode) -> Iterator[str]:
    """Each RFC section that the prose cites is linked, and the link goes where the text says."""
    text = prose(notebook)
    for shown, target in LINK.findall(text):
        if "rfc-editor" in target:
            cited = CITED.fullmatch(shown)
            if cited is None:
                yield f"a link to an RFC that reads {shown!r}"
                continue
            section = f"#section-{cited[2]}" if cited[2] else ""
            if target != f"https://www.rfc-editor.org/rfc/rfc{cited[1]}{section}":
                yield f"{shown} leads to {target}"
    unlinked = LINK.sub("", text)
    yield from (f"{match[0]} is not linked" for match in CITED.finditer(unlinked) if match[2])


def names(notebook: NotebookNode) -> Iterator[str]:
    """Only public names of the package, and only where the first cell brings them in."""
    for number, cell in enumerate(code_cells(notebook)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import | ast.ImportFrom) and number:
                yield f"an import after the first cell: {cell.source!r}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("smtplab"):
                public = {"smtplab": smtplab.__all__, "smtplab.lessons": lessons.__all__}
                known = public.get(node.module or "", [])
                yield from (f"{a.name} is not public" for a in node.names if a.name not in known)
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                yield f"{node.attr} is not public"


def stored(notebook: NotebookNode) -> Iterator[str]:
    """Outputs are stored, in the one form, and hold nothing of the machine they come from."""
    if dict(notebook.metadata).keys() != {"kernelspec", "language_info"}:
        yield f"metadata {sorted(notebook.metadata)}"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    if notebook.metadata.get("language_info") != {"name": "python"}:
        yield "language_info is not the bare name"
    for count, cell in enumerate(code_cells(notebook), 1):
        if cell.execution_count != count:
            yield f"execution count {cell.execution_count} where {count} is due"
        last = ast.parse(cell.source).body[-1]
        if isinstance(last, ast.Expr) and not cell.outputs:
            yield f"no output stored for {cell.source!r}"
        for output in cell.outputs:
            data = output.get("data", {})
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"an error stored at {cell.source!r}"
            if LIVE in data:
                yield "a live widget stored"
            if output.output_type == "execute_result" and "text/plain" not in data:
                yield "an output without plain text"
            text = str(output)
            if re.search(r"0x[0-9a-f]{6,}|/home/|/root/|/tmp/|127\.0\.0\.1", text):
                yield f"something of this machine stored at {cell.source!r}"


RULES = (form, cells, words, citations, names, stored)
