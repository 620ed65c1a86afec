"""A Sphinx extension: what a reader can do with a lesson, as buttons at its top.

Run it in the browser (the site that `lite` builds), run it on Binder, or download it.
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
    if context.get("page_source_suffix") != ".ipynb":
        return
    buttons = context["header_buttons"]
    run = run_address(app.config.lite, PurePosixPath(page).name, context["pathto"])
    buttons.insert(0, link("Run", run, "Run this lesson in your browser", "fas fa-play"))
    if app.config.repository:
        binder = binder_address(app.config.repository, page)
        buttons.insert(1, link("Binder", binder, "Run this lesson on Binder", "fas fa-cloud"))
    source = context["pathto"](f"_sources/{page}.ipynb", 1)
    buttons.insert(2, link("Download", source, "Download this notebook", "fas fa-download"))


def run_address(lite: str, name: str, pathto: Any) -> str:
    """Where the notebook opens in a browser tab; a folder without a slash is one of this site."""
    base = lite.rstrip("/") if "/" in lite else pathto(lite, 1)
    return f"{base}/lab/index.html?path={name}.ipynb"


def binder_address(repository: str, page: str) -> str:
    """Where Binder opens it, from the repository's default branch.

    >>> binder_address("https://github.com/example/smtplab", "notebooks/errors")
    'https://mybinder.org/v2/gh/example/smtplab/HEAD?urlpath=lab/tree/notebooks/errors.ipynb'
    """
    name = repository.removeprefix("https://github.com/").strip("/").removesuffix(".git")
    return f"https://mybinder.org/v2/gh/{name}/HEAD?urlpath=lab/tree/{quote(page)}.ipynb"


def link(text: str, url: str, tooltip: str, icon: str) -> dict[str, str]:
    """A button as the book theme wants it."""
    return {"type": "link", "text": text, "url": url, "tooltip": tooltip, "icon": icon}
