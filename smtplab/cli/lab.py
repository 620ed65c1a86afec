"""`smtplab lab`: open the course in JupyterLab, with settings that leave the user's own alone."""

import argparse
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import UUID

from smtplab.cli.course import (
    INSTRUCTOR,
    Copied,
    clone_notebooks,
    copy_course,
    first_notebook,
    original_notebooks,
)
from smtplab.cli.kernels import transport
from smtplab.cli.problems import in_words

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SETTINGS = Path(__file__).parent / "lab_settings"
"""Defaults for JupyterLab: no news, no update check, widget messages in order with the cells."""

COURSE_FOLDER = "smtplab-course"

EXAMPLES = """\
In a clone of the project this opens the clone's own notebooks. Elsewhere the notebooks are
copied to ./smtplab-course first; a notebook that you have changed is never overwritten.

examples:
  smtplab lab                            open the course in the browser
  smtplab lab --no-browser --port 9000   print the address, on a port of your choice
  smtplab lab --notebook-dir ~/smtp      keep your copy of the notebooks there
  smtplab lab --blank                    in smtplab-course, with no reply there before you ask
  smtplab lab -- --ip=0.0.0.0            what follows -- goes to JupyterLab as it is
"""


NO_INSTRUCTOR = """\
smtplab lab: the teacher's kit is not in this package, so that learners do not come across it.
smtplab lab: Clone the project (`pip show smtplab` names its page) and start --instructor there."""


class LabError(Exception):
    """The course cannot be opened, for a reason that the user can mend."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the parser of `smtplab`."""
    parser = subparsers.add_parser(
        "lab",
        help="open the course in JupyterLab (the default)",
        description="Open the course in JupyterLab.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--no-browser", action="store_true", help="print the address and open no browser")
    add("--port", type=_port, help="JupyterLab's port (default: the first free one from 8888)")
    add("--notebook-dir", type=Path, metavar="DIR", help="keep a copy of the notebooks in DIR")
    add("--blank", action="store_true", help="keep a copy without the stored outputs")
    add("--instructor", action="store_true", help="add the teacher's kit; from a clone only")
    add("jupyter", nargs="*", metavar="OPTION", help="after --: JupyterLab's own options")


def run(args: argparse.Namespace) -> int:
    """Open the course and stay until JupyterLab ends; 2 if something must be mended first."""
    try:
        if args.port:
            check_port(args.port)
        folder = prepare_folder(args.notebook_dir, instructor=args.instructor, blank=args.blank)
    except (LabError, OSError) as error:
        print(f"smtplab lab: {in_words(error)}", file=sys.stderr)
        return 2
    browser = not args.no_browser and can_open_browser()
    options = lab_options(
        folder, port=args.port, browser=browser, instructor=args.instructor, extra=args.jupyter
    )
    return launch(options, page_path(folder), browser)


def prepare_folder(wanted: Path | None, *, instructor: bool, blank: bool = False) -> Path:
    """The folder to open: the clone's, or the learner's copy, brought up to date."""
    source = original_notebooks()
    if not source.is_dir():
        raise LabError(f"the notebooks are missing from this installation ({source}); reinstall it")
    if instructor and not (source / INSTRUCTOR).is_dir():
        print(NO_INSTRUCTOR)
    if wanted is None and not blank and (clone := clone_notebooks()) is not None:
        return clone
    target = (wanted or Path(COURSE_FOLDER)).expanduser().resolve()
    if target == source.resolve():
        if blank:
            raise LabError(f"{target} holds the originals; a blank copy wants another folder")
        return target
    if target.exists() and not target.is_dir():
        raise LabError(f"{target} is a file; the notebooks want a folder")
    copied = copy_course(source, target, instructor=instructor, blank=blank)
    trust(target, copied)
    for line in copy_report(target, copied):
        print(line)
    return target


def copy_report(target: Path, copied: Copied) -> list[str]:
    """What was copied, one sentence each."""
    lines = []
    if copied.new:
        lines.append(f"smtplab: copied {len(copied.new)} files of the course to {target}")
    if copied.updated:
        lines.append(f"smtplab: brought up to date: {', '.join(copied.updated)}")
    lines += [
        f"smtplab: {name} has a new version; yours stays, the new one is {beside}"
        for name, beside in copied.beside
    ]
    return lines


def trust(target: Path, copied: Copied) -> None:
    """Let JupyterLab show the stored outputs of the files laid down, and of no others."""
    import nbformat
    from nbformat.sign import NotebookNotary

    names = [*copied.new, *copied.updated, *(beside for _, beside in copied.beside)]
    notary = NotebookNotary()
    try:
        for name in names:
            if name.endswith(".ipynb"):
                notary.sign(nbformat.read(target / name, as_version=4))
    finally:
        notary.store.close()


def lab_options(
    folder: Path, *, port: int | None, browser: bool, instructor: bool, extra: list[str]
) -> list[str]:
    """JupyterLab's command line. Nothing here is written to the user's own settings."""
    from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir
    from jupyter_core.utils import ensure_dir_exists

    runtime = jupyter_runtime_dir()
    ensure_dir_exists(runtime, 0o700)  # as Jupyter itself makes it
    a_kernel = Path(runtime, f"kernel-{UUID(int=0)}.json")
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.open_browser={browser}",
        f"--LabApp.default_url=/{page_path(folder)}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        f"--LabApp.workspaces_dir={Path(jupyter_data_dir()) / 'smtplab' / 'workspaces'}",
        f"--IdentityProvider.token={os.environ.get('JUPYTER_TOKEN') or secrets.token_hex(24)}",
        f"--KernelManager.transport={transport(a_kernel)}",
        "--Application.log_level=WARN",
    ]
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--ServerApp.allow_root=True")
    if not instructor:
        hidden = ["__pycache__", "*.pyc", ".DS_Store", "*~", INSTRUCTOR]
        options.append(f"--ContentsManager.hide_globs={hidden}")
    return options + extra


def page_path(folder: Path) -> str:
    """The page that shows the first notebook."""
    first = first_notebook(folder)
    return f"lab/tree/{quote(first)}" if first else "lab"


def launch(options: list[str], page: str, browser: bool) -> int:
    """Run JupyterLab in this process until it is stopped."""
    from jupyterlab.labapp import LabApp

    server = LabApp.initialize_server(argv=options)
    token = urlencode({"token": server.identity_provider.token})
    report = address_report(f"{server.connection_url}{page}?{token}", browser)
    # Jupyter binds its port in the loop's first callback; the address is true after that one.
    server.io_loop.add_callback(lambda: print(report, flush=True))
    server.start()
    return 0


def address_report(address: str, browser: bool) -> str:
    """Where the course is, and how to end it."""
    what = "The course opens in your browser. If it does not, open" if browser else "Open"
    twice = " twice" if sys.stdin and sys.stdin.isatty() else ""
    return f"\n{what} this address:\n\n    {address}\n\nTo stop, press Ctrl-C{twice} here.\n"


def can_open_browser(find: Callable[[], object] = webbrowser.get) -> bool:
    """True if this machine can show a page; a text browser in this terminal does not count."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, screens)):
        return False
    try:
        find()
    except webbrowser.Error:
        return False
    return True


def check_port(port: int) -> None:
    """Refuse a port that JupyterLab could not have, before it starts."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise LabError(f"port {port} needs more rights; choose one over 1023") from None
        except OSError:
            raise LabError(f"port {port} is taken; choose another, or leave out --port") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)
