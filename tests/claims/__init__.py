"""The ledger of the course: each statement that a lesson makes about the protocol, and its proof.

`NN.toml` lists the claims of lesson NN. A claim says what is claimed, cites RFC and section, and is
either shown by a cell of the notebook (`cell`: a line of its source, `shows`: a part of its stored
output) or says why no cell can show it (`not_shown`: history, a definition, a rule for people ...).

`python -m tests.claims 05` prints what the ledger of lesson 05 still lacks, ready to be filled in.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parent
NOTEBOOKS = FOLDER.parents[1] / "notebooks"
LINK = re.compile(r"\[RFC (\d+)(?:, ([\w.]+))?\]\(")
SENTENCE = re.compile(r"[^.!?|>\n]*[.!?:]?[\s*]*\(?\[RFC (\d+)(?:, ([\w.]+))?\]\(")


@dataclass(frozen=True)
class Claim:
    """One statement; `rfc` reads "5321, 4.2.1", or only the number."""

    says: str
    rfc: str
    cell: str = ""
    shows: str = ""
    not_shown: str = ""


def claims_of(lesson: str) -> tuple[Claim, ...]:
    """The ledger of a lesson; empty if it has none."""
    file = FOLDER / f"{lesson}.toml"
    if not file.exists():
        return ()
    return tuple(Claim(**one) for one in tomllib.loads(file.read_text("utf-8"))["claim"])


def notebook_of(lesson: str) -> nbformat.NotebookNode:
    (path,) = NOTEBOOKS.glob(f"{lesson}*.ipynb")
    return nbformat.read(path, as_version=4)


def cited(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What the prose cites, "5321, 4.2.1", with the words before it where it is cited first."""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for match in SENTENCE.finditer(cell.source):
                words = re.sub(r"[\s(*]*\[RFC.*", "", match[0]).strip(" *-#>")
                found.setdefault(", ".join(filter(None, match.groups())), words)
    return found


FORMS = ("text/plain", "text/html")


def shown_by(notebook: nbformat.NotebookNode, cell_line: str) -> list[str]:
    """The stored outputs of the cells that hold this line, with what a page shows folded."""
    return [
        "".join(
            output.get("text", "") + "".join(output.get("data", {}).get(form, "") for form in FORMS)
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code" and cell_line in cell.source.splitlines()
    ]


def rfc_sections() -> dict[str, dict[str, str]]:
    """Section titles by RFC and number.

    The first file was read from the texts. The second is written from memory: those texts were
    not at hand.
    """
    found: dict[str, dict[str, str]] = {}
    for kind in ("", "_unverified"):
        text = (FOLDER.parent / f"rfc_sections{kind}.json").read_text("utf-8")
        for number, titles in json.loads(text).items():
            found[number] = found.get(number, {}) | titles
    return found
