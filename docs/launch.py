"""A Sphinx extension: what a reader can do now, as buttons at the top of each page.

Run the lesson in the browser (the site that `lite` builds), run it on Binder, or download it; on a
page that is no lesson, run the course.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:  # so that the tests can import this without Sphinx
    from sphinx.application import Sphinx

AFTER_THE_THEME = 900  # which empties its list of buttons first


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository", "", "html", str)
    app.add_config_value("lite", "lite", "html", str)
    app.connect("html-page-context", add_buttons, AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    lesson = f"{page}.ipynb" if context.get("page_source_suffix") == ".ipynb" else ""
    buttons, pathto = context["header_buttons"], context["pathto"]
    what = "this lesson" if lesson else "the course"
    run = run_address(app.config.lite, PurePosixPath(lesson).name, pathto)
    ours = [link("Run", run, f"Run {what} in your browser", "fas fa-play")]
    if app.config.repository:
        binder = binder_address(app.config.repository, lesson or "notebooks")
        ours.append(link("Binder", binder, f"Run {what} on Binder", "fas fa-cloud"))
    if lesson:
        source = pathto(f"_sources/{lesson}", 1)
        ours.append(link("Download", source, "Download this notebook", "fas fa-download"))
    buttons[:0] = ours


def run_address(lite: str, notebook: str, pathto: Any) -> str:
    """Where the notebook opens in a browser tab, or without one the list of the lessons.

    A folder without a slash is one of this site.
    """
    base = lite.rstrip("/") if "/" in lite else pathto(lite, 1)
    return f"{base}/lab/index.html?path={notebook}" if notebook else f"{base}/index.html"


def binder_address(repository: str, path: str) -> str:
    """Where Binder opens a notebook or a folder, from the repository's default branch.

    >>> binder_address("https://github.com/example/smtplab", "notebooks/errors.ipynb")
    'https://mybinder.org/v2/gh/example/smtplab/HEAD?urlpath=lab/tree/notebooks/errors.ipynb'
    """
    name = repository.removeprefix("https://github.com/").strip("/").removesuffix(".git")
    return f"https://mybinder.org/v2/gh/{name}/HEAD?urlpath=lab/tree/{quote(path)}"


def link(text: str, url: str, tooltip: str, icon: str) -> dict[str, str]:
    """A button as the book theme wants it."""
    return {"type": "link", "text": text, "url": url, "tooltip": tooltip, "icon": icon}
