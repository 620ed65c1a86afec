"""Where the notebooks are, and how a learner gets a copy that is never overwritten."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import smtplab

PACKAGE = Path(smtplab.__file__).resolve().parent
RECORD = ".smtplab-course.json"
"""In a learner's folder: name of each file laid down -> SHA-256 of the original it came from."""

INSTRUCTOR = "instructor"
"""The one folder of the notebooks that learners do not see unless it is asked for."""


@dataclass(frozen=True)
class Copied:
    """What `copy_course` did: names of new files, of updated ones, and of those laid beside."""

    new: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


def clone_notebooks(package: Path = PACKAGE) -> Path | None:
    """The clone's own notebooks folder, or None if the package was installed from a wheel."""
    folder = package.parent / "notebooks"
    in_clone = (package.parent / "pyproject.toml").is_file() and folder.is_dir()
    return folder if in_clone else None


def original_notebooks(package: Path = PACKAGE) -> Path:
    """The folder the course is copied from: the clone's, or the one inside the package."""
    return clone_notebooks(package) or package / "notebooks"


def first_notebook(folder: Path) -> str | None:
    """The name of the notebook that the course opens with."""
    return min((path.name for path in folder.glob("*.ipynb")), default=None)


def copy_course(source: Path, target: Path, *, instructor: bool, blank: bool = False) -> Copied:
    """Bring `target` up to date with `source`, and leave every file that the learner changed.

    A file the learner never changed is updated in place. Where both changed, the learner's
    stays and the new original is laid beside it, once, as `NAME.new.ipynb`. A `blank` copy has no
    stored outputs, so that nobody reads a reply before predicting it.
    """
    target.mkdir(parents=True, exist_ok=True)
    record = _read_record(target)
    new: list[str] = []
    updated: list[str] = []
    beside: list[tuple[str, str]] = []
    for name in _names(source, instructor):
        octets = (source / name).read_bytes()
        if blank and name.endswith(".ipynb"):
            octets = without_outputs(octets)
        digest = hashlib.sha256(octets).hexdigest()
        path = target / name
        if not path.exists():
            new.append(name)
            _write(path, octets)
        elif (found := _digest(path)) != digest and record.get(name) != digest:
            if found == record.get(name):
                updated.append(name)
                _write(path, octets)
            else:
                free = _free_name(path, digest)
                beside.append((name, free.relative_to(target).as_posix()))
                _write(free, octets)
        record[name] = digest
    _write(target / RECORD, json.dumps(record, indent=1, sort_keys=True).encode())
    return Copied(tuple(new), tuple(updated), tuple(beside))


def without_outputs(notebook: bytes) -> bytes:
    """The notebook as if no cell had ever run; the same octets each time."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _names(source: Path, instructor: bool) -> Iterator[str]:
    """Every file of the course, relative to its folder, in order."""
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        hidden = any(part.startswith((".", "__pycache__")) for part in parts)
        if path.is_file() and not hidden and (instructor or parts[0] != INSTRUCTOR):
            yield path.relative_to(source).as_posix()


def _read_record(target: Path) -> dict[str, str]:
    """The record of an earlier copy; a damaged one counts as none, so that nothing is lost."""
    try:
        record = json.loads((target / RECORD).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _free_name(path: Path, digest: str) -> Path:
    """`NAME.new.ipynb`, or with a number where the learner already works in that one."""
    number = 1
    while True:
        free = path.with_name(f"{path.stem}.new{number if number > 1 else ''}{path.suffix}")
        if not free.exists() or _digest(free) == digest:
            return free
        number += 1


def _write(path: Path, octets: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(octets)
    os.replace(partial, path)
