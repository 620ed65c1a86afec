"""A learner's work as one .zip: the notebooks of a folder, and what was done. No server is needed.

It must fit into a link of a web page, so it is bounded. What comes back in is not trusted.
"""

from __future__ import annotations

import json
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from smtplab.lessons.progress import MAX_OCTETS as MAX_PROGRESS
from smtplab.lessons.progress import Done, Unreadable, read_done
from smtplab.sandbox.store import disk

PROGRESS = "smtplab-progress.json"  # in the .zip; no dot in front, so that it can be seen
# Chromium cuts a data: URL at 2 MiB, and base64 makes four octets of three.
MAX_ZIP = 1_500_000
MAX_NOTEBOOK = 8 * 2**20  # as it lies on the disk, outputs and all; ours to choose
MAX_NOTEBOOKS = 100  # ours to choose; the course has 16
_NAME = re.compile(r"[\w(][\w .()+-]{0,120}\.ipynb")
_FIXED = (1980, 1, 1, 0, 0, 0)  # the oldest date that a .zip knows: none


class WorkError(ValueError):
    """A .zip that is not somebody's work; the message is a sentence for the learner."""


@dataclass(frozen=True)
class Packed:
    """The .zip, the names of the notebooks in it, and one sentence for each that is not whole."""

    octets: bytes
    names: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Unpacked:
    """What was done, the names of the notebooks laid down, and what was left out."""

    done: Done
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def pack(folder: Path, done: Done, limit: int = MAX_ZIP) -> Packed:
    """Pack the notebooks of a folder as they were saved last.

    What would make the .zip too large goes in without its outputs, or else not at all.
    """
    names: list[str] = []
    remarks: list[str] = []
    into = BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo(PROGRESS, _FIXED), done.as_octets(), ZIP_DEFLATED)
        for path in _notebooks(folder):
            octets = _read(path)
            if octets is None:
                remarks.append(
                    f"{path.name} is left out: it is larger than {MAX_NOTEBOOK >> 20} MiB."
                )
                continue
            whole = into.tell() + _packed_size(octets) < limit
            if not whole:
                octets = _without_outputs(octets)
                if into.tell() + _packed_size(octets) >= limit:
                    remarks.append(f"{path.name} is left out: the file would grow too large.")
                    continue
                remarks.append(f"{path.name} is in it without its outputs, to keep the file small.")
            archive.writestr(ZipInfo(path.name, _FIXED), octets, ZIP_DEFLATED)
            names.append(path.name)
    return Packed(into.getvalue(), tuple(names), tuple(remarks))


def unpack(octets: bytes, folder: Path) -> Unpacked:
    """Lay the notebooks down in a folder. One that is there and differs stays, and the new one
    goes beside it; what is no notebook is left out. `WorkError` if this is no .zip of ours."""
    with _opened(octets) as archive:
        done = read_done(_member(archive, archive.getinfo(PROGRESS), MAX_PROGRESS))
        infos = [one for one in archive.infolist() if one.filename != PROGRESS]
        contents = {name: _content(archive, name) for name in _names(archive)}
    left_out = len(infos) - len(contents)
    remarks = [f"{left_out} other files in it were left out."] if left_out else []
    names = []
    for name, content in contents.items():
        place = folder / name
        if place.is_symlink() or (place.exists() and place.read_bytes() != content):
            place = _beside(place)
            remarks.append(f"{name} is there already and differs; the loaded one is {place.name}.")
        if not place.exists():
            disk.write(place, content)
        names.append(place.name)
    return Unpacked(done, tuple(names), tuple(remarks))


def notebooks_in(octets: bytes) -> list[str]:
    """The names of the notebooks in such a file; `WorkError` if this is no .zip."""
    with _opened(octets) as archive:
        return _names(archive)


def notebook_from(octets: bytes, name: str) -> bytes:
    """One of these notebooks; `WorkError` if it is damaged or too large."""
    with _opened(octets) as archive:
        return _content(archive, name)


@contextmanager
def _opened(octets: bytes) -> Iterator[ZipFile]:
    """The .zip; whatever is wrong with it becomes a `WorkError`."""
    if len(octets) > MAX_NOTEBOOK:
        raise WorkError(f"This file is larger than {MAX_NOTEBOOK >> 20} MiB. Nothing was loaded.")
    try:
        with ZipFile(BytesIO(octets)) as archive:
            yield archive
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        raise WorkError("This is no file that Download my work made. Nothing was loaded.") from None
    except Unreadable as error:
        raise WorkError(f"{error} Nothing was loaded.") from None


def _names(archive: ZipFile) -> list[str]:
    """No name with a folder in it, so that nothing is laid down elsewhere."""
    found = (one.filename for one in archive.infolist() if _NAME.fullmatch(one.filename))
    return list(dict.fromkeys(found))[:MAX_NOTEBOOKS]


def _content(archive: ZipFile, name: str) -> bytes:
    return _member(archive, archive.getinfo(name), MAX_NOTEBOOK)


def _notebooks(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(path.name))
    return [path for path in found if stat.S_ISREG(path.lstat().st_mode)][:MAX_NOTEBOOKS]


def _read(path: Path) -> bytes | None:
    with path.open("rb") as file:
        octets = file.read(MAX_NOTEBOOK + 1)
    return octets if len(octets) <= MAX_NOTEBOOK else None


def _packed_size(octets: bytes) -> int:
    """What it will take in the .zip, directory entry and all."""
    into = BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("x" * 120, octets)
    return len(into.getvalue())


def _without_outputs(octets: bytes) -> bytes:
    try:
        notebook = json.loads(octets)
        for cell in notebook["cells"]:
            if cell.get("cell_type") == "code":
                cell["outputs"] = []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return octets  # no notebook after all: it goes in whole or not at all
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def _member(archive: ZipFile, info: ZipInfo, limit: int) -> bytes:
    """One file of the .zip; what it claims as its size is not believed."""
    with archive.open(info) as file:
        octets = file.read(limit + 1)
    if len(octets) > limit:
        raise BadZipFile
    return octets


def _beside(path: Path) -> Path:
    number = 1
    while (free := path.with_name(f"{path.stem}.loaded{number}.ipynb")).exists():
        number += 1
    return free
