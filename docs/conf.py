"""Sphinx reads this: what the pages are made of, and how they look."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

import smtplab  # noqa: E402 - from the clone, after its folder is on the path

project = "smtplab"
author = "the smtplab authors"
copyright = author
version = release = smtplab.__version__
language = "en"

extensions = [
    "myst_nb", "sphinx.ext.autodoc", "docs.sheets", "docs.docstrings", "docs.launch",
]  # fmt: skip
# The README is part of the first page.
exclude_patterns = ["README.md"]

# Notebooks: what is stored in them, and never a kernel. No widget needs a script: each has a
# static form.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_merge_streams = True
myst_heading_anchors = 3

# Docstrings: names in backquotes are names of Python, and most become links.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_class_signature = "mixed"
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "sphinx_book_theme"
html_title = "smtplab"
html_static_path = ["static"]
html_css_files = ["smtplab.css"]
html_show_sphinx = False
html_show_copyright = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system has it
html_theme_options = {
    "navbar_persistent": [],  # the search field is in the sidebar already
    "use_download_button": False,  # docs.launch has one that learners understand
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "search_bar_text": "Search",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
