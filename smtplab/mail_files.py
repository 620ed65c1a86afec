"""Mail in files of other programs: .eml, one content a file (RFC 5322), and mbox, many in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from email.utils import parseaddr
from pathlib import Path

from smtplab.mail_object import MailObject, from_eml
from smtplab.mbox import FiledMail, from_mbox, to_mbox


def read_mail_objects(path: str | Path) -> list[MailObject]:
    """Mail objects to send, from an .eml file, an mbox, or a folder of .eml files.

    Each envelope is read off the header section. `LocalProtocolError` where one has no From or no
    recipient; `ValueError` for a folder without .eml files; `OSError` for a file that is not there.
    """
    return [from_eml(mail.content) for mail in read_files(path)]


def read_files(path: str | Path) -> Iterator[FiledMail]:
    """What an .eml file, an mbox or a folder of .eml files holds, by name in the folder."""
    path = Path(path)
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.suffix.lower() == ".eml")
        if not files:
            raise ValueError(f"the folder {str(path)!r} holds no .eml file")
        for file in files:
            yield _from_eml_file(file.read_bytes())
        return
    octets = path.read_bytes()
    if octets.startswith(b"From ") or path.suffix.lower() == ".mbox":
        yield from from_mbox(octets)
    else:
        yield _from_eml_file(octets)


def write_files(path: str | Path, mails: Iterable[FiledMail]) -> None:
    """Write an mbox if the name ends in .mbox, else a folder with one .eml file a content.

    No file is ever overwritten: `FileExistsError` says which one is there, and nothing is written.
    """
    path, mails = Path(path), list(mails)
    if path.suffix.lower() == ".mbox":
        _write_new({path: to_mbox(mails)})
        return
    path.mkdir(parents=True, exist_ok=True)
    _write_new({path / f"{n:06}.eml": mail.content for n, mail in enumerate(mails, 1)})


def _write_new(files: dict[Path, bytes]) -> None:
    for path in files:
        if path.exists():
            raise FileExistsError(f"{str(path)!r} is there already; choose another name")
    for path, octets in files.items():
        with path.open("xb") as file:
            file.write(octets)


def _from_eml_file(octets: bytes) -> FiledMail:
    """Its octets; only a file without any CR LF has the line ends of its system changed."""
    if b"\r\n" not in octets:
        octets = octets.replace(b"\n", b"\r\n")
    head = octets.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    reverse_path = parseaddr(str(HeaderParser().parsestr(head).get("Return-Path", "")))[1]
    return FiledMail(reverse_path, None, octets)
