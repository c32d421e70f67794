"""Sphinx's settings; ``sphinx-build -W -b html docs .cache/docs`` builds the pages."""

from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

project = "tkws"
author = "the tkws authors"
project_copyright = author
release = version = installed_version("tkws")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
default_role = "py:obj"  # `Stream.write` in a docstring links to it
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
maximum_signature_line_length = 90
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "tkws"
html_static_path = ["static"]
html_css_files = ["tables.css"]


def hide_from_napoleon(app, what, *args):
    """Keep the first line of a docstring from being read as ``type: description``."""
    if what in ("attribute", "data", "property"):
        args[-1][:0] = ["..", ""]  # an empty comment


class DarkPictures(SphinxTransform):
    """Shows ``NAME-dark.png`` in place of ``NAME.png``, where there is one, to who reads the dark pages."""

    default_priority = 500

    def apply(self):
        """Put the dark picture behind each light one; the theme shows one of them."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for light in list(self.document.findall(nodes.image)):
            uri = light["uri"].replace(".png", "-dark.png")
            if uri != light["uri"] and (folder / uri).is_file():
                dark = light.deepcopy()
                dark["uri"] = uri
                light["classes"].append("only-light")
                dark["classes"].append("only-dark")
                light.parent.insert(light.parent.index(light) + 1, dark)


def setup(app):
    app.add_transform(DarkPictures)
    app.connect("autodoc-process-docstring", hide_from_napoleon, priority=400)  # before Napoleon's own
