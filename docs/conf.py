"""Sphinx's settings; ``sphinx-build -W -b html docs .cache/docs`` builds the pages."""

import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

project = "tkws"
author = "the tkws authors"
project_copyright = author
with (REPOSITORY / "pyproject.toml").open("rb") as settings:
    release = version = tomllib.load(settings)["project"]["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "tkws"
