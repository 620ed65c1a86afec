"""`python -m docs FOLDER`: build the documentation into a new folder.

Any static host can serve it; `python -m http.server` in the folder will do. Nothing is asked from
anywhere else when it is read. No notebook is run: its stored outputs are shown. Any warning stops
the build.
"""

import argparse
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from lite import tools
from lite.tools import Tools, say

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
REQUIREMENTS = HERE / "build-requirements.txt"
# Laid out as in the clone, so that links between these texts lead where they lead there. A text
# that one of them links to belongs here, and into the contents in pages/index.md.
FOLDERS = ("notebooks", "classroom")
TEXTS = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "smtplab/transcript/schema.md",
)  # fmt: skip


def build(site: Path, repository: str, lite: str) -> None:
    """Build the site into `site`, which must not exist; nothing half-made is left behind."""
    with tempfile.TemporaryDirectory(prefix="smtplab-docs-") as folder:
        work = Path(folder)
        say("an environment for the tools")
        programs = tools.install(work / "tools", REQUIREMENTS)
        say("the pages")
        gather(work / "pages")
        render(programs, work, repository, lite)
        shutil.move(work / "site", site)
    say(f"done: {site}, {tools.size(site)}. Try it: python -m http.server --directory {site}")
    if not repository:
        say("no button for Binder: give --repository, or Repository in pyproject's project.urls")
    if "/" not in lite:
        say(f"the button Run leads to {lite}/, which python -m lite {site / lite} builds")


def gather(pages: Path) -> None:
    """All texts in one folder; Sphinx writes nothing into the clone."""
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, pages / name, ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(HERE / "pages", pages, dirs_exist_ok=True)
    for name in TEXTS:
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        text = (PROJECT / name).read_text("utf-8")
        (pages / name).write_text(without_foreign_images(text), "utf-8")


def without_foreign_images(text: str) -> str:
    """An image of another host gives way to its text: nothing is loaded from elsewhere."""
    return re.sub(r"!\[([^]]*)\]\(https?:[^)]*\)", r"\1", text)


def render(programs: Tools, work: Path, repository: str, lite: str) -> None:
    tools.run(
        programs.python, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet",
        "--jobs", "auto", "--conf-dir", str(HERE), "--doctree-dir", str(work / "doctrees"),
        "-D", f"repository={repository}", "-D", f"lite={lite}",
        str(work / "pages"), str(work / "site"),
    )  # fmt: skip
    (work / "site" / ".buildinfo").unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument(
        "--repository",
        default=project.get("urls", {}).get("Repository", ""),
        help="the GitHub address that Binder starts from; default: the one in pyproject.toml",
    )
    parser.add_argument(
        "--lite",
        default="lite",
        help="where the course in a browser tab is: an address, or a folder of this site",
    )
    options = tools.read(parser, arguments)
    build(options.folder, options.repository, options.lite)
    return 0


if __name__ == "__main__":
    sys.exit(main())
