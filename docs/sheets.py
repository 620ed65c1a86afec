"""A Sphinx extension: pages that the package itself can write.

The cheat sheet and the glossary are those of lesson 15; the commands say themselves how they are
used; the questions have a file of their own. The pages are made in the folder of a build, never in
the clone.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from docs import questions
from docs.docstrings import as_rst
from smtplab.cli import build_parser
from smtplab.lessons import cheat_sheet, glossary

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    pages = {"cheat-sheet": cheat_sheet_page(), "glossary": glossary_page(), "commands": commands()}
    for name, lines in pages.items():
        (Path(app.srcdir) / f"{name}.rst").write_text("\n".join(lines) + "\n", "utf-8")
    text = "\n".join(questions.page()) + "\n"
    (Path(app.srcdir) / "questions.md").write_text(text, "utf-8")


def cheat_sheet_page() -> Iterator[str]:
    yield from heading("Cheat sheet", "=")
    yield "``smtplab explain`` says more about each; ``cheat_sheet().save(...)`` prints one page."
    for section in cheat_sheet().sections:
        yield from heading(section.heading, "-")
        yield ".. rst-class:: sheet\n"  # smtplab.css sets the two beside each other
        for term, meaning in section.rows:
            yield f"``{term}``\n   {as_rst(meaning)}"


def glossary_page() -> Iterator[str]:
    yield from heading("Glossary", "=")
    yield "The words of the course, each with the section that defines it."
    for section in glossary().sections:
        yield from heading(section.heading, "-")
        yield ".. glossary::\n"
        for term, meaning in section.rows:
            yield f"   {term}\n      {as_rst(meaning)}\n"


def commands() -> Iterator[str]:
    """What each command prints for `--help`."""
    yield from heading("Commands", "=")
    parser = build_parser()
    yield from as_literal_block(parser)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, one in action.choices.items():
                yield from heading(f"smtplab {name}", "-")
                yield from as_literal_block(one)


def as_literal_block(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield ".. code-block:: none\n"
    yield textwrap.indent(parser.format_help(), "   ")


def heading(text: str, underline: str) -> Iterator[str]:
    yield f"\n{text}\n{underline * len(text)}\n"
