"""What stands in `tests/proofs/` is there: every test that is named exists, every command is
understood, and no row is without a proof."""

import argparse
import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtplab import cli

ROOT = Path(__file__).parents[1]
SHEETS = sorted((ROOT / "tests/proofs").glob("*.md"))


def rows(sheet: Path) -> Iterator[tuple[str, str]]:
    """(what holds, shown by) of every table; `\\|` stands for a bar inside a cell."""
    for line in sheet.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and not set("".join(cells)) <= set("-: ") and cells[-1].lower() != "shown by":
            yield cells[0], cells[-1].replace(r"\|", "|")


def names_in(path: Path) -> set[str]:
    """The functions and classes of a file; a method with its class before it."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inside = (part for part in node.body if isinstance(part, ast.FunctionDef))
            found |= {f"{node.name}::{part.name}" for part in inside}
        if isinstance(node, ast.Assign):  # Machine.TestCase of a Hypothesis state machine
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command of `smtplab` and its parser."""
    parser = cli.build_parser()
    (choices,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(choices.choices)


def fault_of(proof: str) -> str:
    """What is wrong with one proof; empty when nothing is."""
    words = shlex.split(proof)
    place, _, name = words[0].partition("::")
    if place == "smtplab":
        options = {o for o in words[2:] if o.startswith("--")}
        parser = commands().get(words[1])
        if parser is None:
            return f"smtplab has no command {words[1]}"
        unknown = options - set(parser._option_string_actions)
        return f"smtplab {words[1]} has no {sorted(unknown)}" if unknown else ""
    if words[:2] in (["python", "-m"], ["python3", "-m"]):
        module = ROOT / words[2].replace(".", "/")
        there = module.with_suffix(".py").exists() or (module / "__main__.py").exists()
        return "" if there or words[2] == "pytest" else f"there is no module {words[2]}"
    if "/" in place or place.endswith((".py", ".ipynb", ".md")):
        if not (ROOT / place).exists():
            return f"there is no {place}"
        if name and name.partition("[")[0] not in names_in(ROOT / place):
            return f"{place} has no {name}"
        return ""
    return "this is neither a file of the project nor a command of it"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_proof_of_a_sheet_exists(sheet: Path) -> None:
    faults = []
    for claim, shown_by in rows(sheet):
        proofs = re.findall(r"`([^`]+)`", shown_by)
        if not proofs:
            faults.append(f"{claim}: nothing shows it")
        faults += [f"{claim}: {fault}" for fault in map(fault_of, proofs) if fault]
    assert not faults, "\n".join(faults)


def test_every_sheet_has_rows() -> None:
    assert SHEETS
    assert all(list(rows(sheet)) for sheet in SHEETS)


def test_a_proof_that_is_not_there_is_found() -> None:
    assert fault_of("tests/test_proofs.py::test_every_sheet_has_rows") == ""
    assert fault_of("smtplab serve --fault rcpt=450") == ""
    assert "has no test_x" in fault_of("tests/test_proofs.py::test_x")
    assert "no command" in fault_of("smtplab fly")
    assert "has no ['--wings']" in fault_of("smtplab serve --wings")
    assert "there is no" in fault_of("tests/test_nothing_of_it.py")
