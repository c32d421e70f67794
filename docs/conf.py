"""Sphinx's settings; ``sphinx-build -W -b html docs .cache/docs`` builds the pages."""

import operator
import sys
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

import tkws
import tkws.aio
import tkws.testing

project = "tkws"
author = "the tkws authors"
project_copyright = author
release = version = tkws.__version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
extensions = ["myst_parser", "sphinx_copybutton", "markdown_twins"]
exclude_patterns = ["extensions"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4

copybutton_prompt_text = "$ "  # of a shell; it is not copied

html_theme = "furo"
pygments_dark_style = "github-dark"  # the theme's own underlines the names of modules
html_title = "tkws"
html_static_path = ["static"]
html_css_files = ["tables.css"]


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


class Objects(SphinxTransform):
    """Notes the names of Python in the headings of the reference, for the search and for other projects."""

    default_priority = 500

    def apply(self):
        """Note those of one page."""
        if self.env.docname.startswith("reference/"):
            for section in self.document.findall(nodes.section):
                name = section[0].astext().removeprefix("tkws.")
                try:
                    operator.attrgetter(name)(tkws)
                except AttributeError:  # a heading of another kind
                    continue
                self.env.get_domain("py").note_object(f"tkws.{name}", "obj", section["ids"][0])


def setup(app):
    app.add_transform(DarkPictures)
    app.add_transform(Objects)
