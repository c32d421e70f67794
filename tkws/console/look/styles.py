"""The ttk styles of the windows, for one palette: round buttons and fields, thin scroll bars, no grey.

Knows ttk, images and fonts; knows no widget. Everything is built on the theme ``clam``.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont, ttk
from typing import Any

from tkws.console.look.palette import Palette
from tkws.console.look.resources import Resources


def define_styles(style: ttk.Style, resources: Resources, colours: Palette) -> None:
    """Define all styles in the ttk theme in use, which must be new and based on ``clam``.

    In addition to ttk's own styles, these are ``Side.`` (frames and labels of the tinted panels), ``Soft.``,
    ``Small.``, ``Title.``, ``Section.``, ``Figure.``, ``Status.``, ``Wrong.``, ``Alarm.`` and
    ``Bad.`` (labels), ``Quiet.``, ``Bad.Quiet.`` and ``Bare.`` (buttons), ``Card.``, ``Line.`` and ``Bad.``
    (frames). In the corners of round widgets the background around them shows; ``Side.Quiet.``,
    ``OnBad.`` and ``Side.Card.`` are for other backgrounds than the window's.
    """
    _Styles(style, resources, colours).define()


class _Styles:
    def __init__(self, style: ttk.Style, resources: Resources, colours: Palette) -> None:
        self._style = style
        self._resources = resources
        self._colours = colours
        self._px = resources.px

    def define(self) -> None:
        self._define_defaults()
        self._define_labels()
        self._define_buttons()
        self._define_entry()
        self._define_choices()
        self._define_lists()
        self._define_scrollbars()

    def _define_defaults(self) -> None:
        colours = self._colours
        self._style.configure(
            ".",
            background=colours.surface,
            foreground=colours.text,
            font=self._resources.body,
            bordercolor=colours.line,
            lightcolor=colours.surface,
            darkcolor=colours.surface,
            troughcolor=colours.surface,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            insertcolor=colours.text,
            focuscolor=colours.accent,
            arrowcolor=colours.soft,
        )
        for name, colour in {
            "Side.TFrame": colours.side,
            "Line.TFrame": colours.line,
            "Bad.TFrame": colours.bad_soft,
        }.items():
            self._style.configure(name, background=colour)
        self._define_element(
            "Card.border", 14, self._large_box(12, colours.surface, colours.line, height=160)
        )
        self._define_layout("Card.TFrame", "Card.border")
        self._style.configure("Side.Card.TFrame", background=colours.side)

    def _define_labels(self) -> None:
        colours = self._colours
        for name, options in {
            "Soft.TLabel": {"foreground": colours.soft},
            "Small.TLabel": {"foreground": colours.soft, "font": self._resources.small},
            "Title.TLabel": {"font": self._resources.title},
            "Wrong.TLabel": {"foreground": colours.bad, "font": self._resources.small},
            "Side.TLabel": {"background": colours.side, "font": self._resources.bold},
            "Figure.TLabel": {"background": colours.side, "font": self._resources.small, "anchor": "e"},
            "Status.TLabel": {
                "background": colours.side,
                "foreground": colours.soft,
                "font": self._resources.small,
            },
            "Section.TLabel": {
                "background": colours.side,
                "foreground": colours.faint,
                "font": self._resources.small_bold,
            },
            "Alarm.TLabel": {"foreground": colours.bad},
            "Bad.TLabel": {"background": colours.bad_soft, "foreground": colours.bad},
        }.items():
            self._style.configure(name, **options)

    def _define_buttons(self) -> None:
        colours = self._colours
        accent = colours.accent, colours.accent_strong, colours.accent_strong, ""
        quiet = colours.surface, colours.hover, colours.line, colours.border
        self._define_button("TButton", accent, foreground=colours.on_accent, font=self._resources.bold)
        self._define_button("Quiet.TButton", quiet, foreground=colours.text, font=self._resources.body)
        self._style.map("TButton", foreground=[("disabled", colours.surface)])
        self._style.map("Quiet.TButton", foreground=[("disabled", colours.faint)])
        self._style.configure("Side.Quiet.TButton", background=colours.side)
        self._style.configure("Bad.Quiet.TButton", foreground=colours.bad)
        self._style.configure("OnBad.TButton", background=colours.bad_soft)
        self._define_layout("Bare.TButton", "Button.focus", "Button.padding", "Button.label")
        self._style.configure(
            "Bare.TButton",
            background=colours.side,
            foreground=colours.accent,
            font=self._resources.small_bold,
            padding=(self._px(4), self._px(2)),
        )
        self._style.map("Bare.TButton", foreground=[("active", colours.accent_strong)], background=[])

        self._define_layout("Bad.TButton", "Button.focus", "Button.padding", "Button.label")
        self._style.configure("Bad.TButton", background=colours.bad_soft, foreground=colours.bad)
        self._style.map("Bad.TButton", foreground=[("active", colours.text)], background=[])

    def _define_button(self, name: str, look: tuple[str, str, str, str], **options: str) -> None:
        normal, active, pressed, border = look
        disabled = self._colours.side if border else self._colours.faint
        self._define_element(
            f"{name}.shape",
            10,
            self._large_box(8, normal, border),
            ("disabled", self._large_box(8, disabled, border)),
            ("pressed", self._large_box(8, pressed, border)),
            ("active", self._large_box(8, active, border)),
            ("focus", self._large_box(8, active, self._colours.text, ring=True)),
        )
        self._define_layout(name, f"{name}.shape", "Button.padding", "Button.label")
        self._style.configure(name, padding=(self._px(13), self._px(7)), anchor="center", **options)

    def _define_entry(self) -> None:
        colours = self._colours
        self._define_element(
            "Round.field",
            10,
            self._large_box(8, colours.surface, colours.border),
            ("focus", self._large_box(8, colours.surface, colours.accent, ring=True)),
            ("disabled", self._large_box(8, colours.side, colours.line)),
        )
        self._define_layout("TEntry", "Round.field", "Entry.padding", "Entry.textarea")
        self._style.configure("TEntry", padding=(self._px(10), self._px(8)), foreground=colours.text)
        self._style.map("TEntry", foreground=[("disabled", colours.faint)])

    def _define_choices(self) -> None:
        """Define check boxes, drop-down fields, and radio buttons, which look like toggle buttons."""
        colours, px = self._colours, self._px
        quiet = colours.surface, colours.hover, colours.line, ""
        self._define_button("TRadiobutton", quiet, foreground=colours.soft, font=self._resources.small_bold)
        self._style.map("TRadiobutton", foreground=[("selected", colours.accent)])
        self._style.configure("TRadiobutton", padding=(px(8), px(3)))
        check = (0.25, 0.52), (0.43, 0.7), (0.76, 0.33)
        box, accent = (colours.surface, colours.faint), (colours.accent, colours.accent)
        self._define_check_box("TCheckbutton", "Check.mark", check, box, accent)
        self._style.element_create(
            "Drop.arrow",
            "image",
            self._resources.stroke(((0.25, 0.4), (0.5, 0.65), (0.75, 0.4)), colours.soft),
            width=px(28),
            sticky="",
        )
        field: Any = ("Combobox.padding", _filling([("Combobox.textarea", {"sticky": "nsew"})]))
        arrow: Any = ("Drop.arrow", {"side": "right", "sticky": ""})
        self._style.layout("TCombobox", [("Round.field", _filling([arrow, field]))])
        self._style.configure("TCombobox", padding=(px(10), px(8), px(2), px(8)), foreground=colours.text)
        self._style.map(
            "TCombobox",
            selectbackground=[("readonly", colours.surface)],
            selectforeground=[("readonly", colours.text)],
            foreground=[("disabled", colours.faint)],
        )

    def _define_check_box(
        self,
        style: str,
        name: str,
        mark: tuple[tuple[float, float], ...],
        off: tuple[str, str],
        on: tuple[str, str],
    ) -> None:
        """Define a check box whose box is an image."""
        colours, accent = self._colours, self._colours.accent
        self._style.element_create(
            name,
            "image",
            self._resources.stroke((), "", *off),
            ("selected", "focus", self._resources.stroke(mark, colours.on_accent, on[0], colours.text)),
            ("selected", self._resources.stroke(mark, colours.on_accent, *on)),
            ("focus", self._resources.stroke((), "", off[0], accent)),
            width=self._px(24),
            sticky="w",
        )
        box: Any = (name, {"side": "left", "sticky": ""})
        label: Any = ("Checkbutton.label", {"side": "left", "sticky": "nsew"})
        self._style.layout(style, [("Checkbutton.padding", _filling([box, label]))])
        self._style.configure(style, padding=self._px(3))
        self._style.map(style, foreground=[("disabled", colours.faint)], background=[])

    def _define_lists(self) -> None:
        """Define lists, progress bars and the bars between panes."""
        colours, px = self._colours, self._px
        linespace = tkfont.nametofont(self._resources.body, self._resources.root).metrics("linespace")
        self._style.configure(
            "Treeview",
            background=colours.surface,
            fieldbackground=colours.surface,
            bordercolor=colours.line,
            borderwidth=0,
            rowheight=linespace + px(8),
        )
        self._style.map(
            "Treeview",
            background=[("selected", colours.accent_soft)],
            foreground=[("selected", colours.text)],
        )
        self._style.configure(
            "Treeview.Heading",
            background=colours.side,
            foreground=colours.soft,
            font=self._resources.small_bold,
            relief="flat",
            borderwidth=0,
            padding=(px(6), px(4)),
        )
        self._style.map("Treeview.Heading", background=[("active", colours.hover)])
        ring = [("focus", colours.accent)]
        self._style.map("Treeview", bordercolor=ring, lightcolor=ring)
        area: Any = ("Treeview.treearea", {"sticky": "nsew"})
        field: Any = ("Treeview.field", {**_filling([area]), "border": 1})
        self._style.layout("Treeview", [field])
        self._style.configure(
            "Horizontal.TProgressbar",
            background=colours.accent,
            troughcolor=colours.hover,
            bordercolor=colours.hover,
            lightcolor=colours.accent,
            darkcolor=colours.accent,
            thickness=px(8),
        )
        self._style.configure("TPanedwindow", background=colours.line)
        self._style.configure(
            "Sash", background=colours.line, bordercolor=colours.line, lightcolor=colours.line,
            gripcount=0, sashthickness=px(5),
        )  # fmt: skip

    def _define_scrollbars(self) -> None:
        colours, width = self._colours, self._px(8)
        for way, sticky, size in (
            ("Vertical", "ns", (width, self._px(16))),
            ("Horizontal", "ew", (self._px(16), width)),
        ):
            self._style.element_create(
                f"{way}.thumb",
                "image",
                self._resources.box(*size, 4, colours.border),
                ("disabled", self._resources.box(*size, 4, colours.line)),
                ("active", self._resources.box(*size, 4, colours.faint)),
                border=self._px(4),
                sticky=sticky,
            )
            self._define_layout(f"{way}.TScrollbar", f"{way}.Scrollbar.trough", f"{way}.thumb")
            self._style.configure(
                f"{way}.TScrollbar",
                troughcolor=colours.surface,
                bordercolor=colours.surface,
                lightcolor=colours.surface,
                darkcolor=colours.surface,
                relief="flat",
            )

    def _large_box(
        self, radius: float, fill: str, border: str, height: float = 40, *, ring: bool = False
    ) -> tk.PhotoImage:
        """Return a large box, so that few copies of its middle fill a widget: each takes the server time."""
        return self._resources.box(self._px(240), self._px(height), radius, fill, border, ring=ring)

    def _define_element(
        self, name: str, corner: float, image: tk.PhotoImage, *others: tuple[str, tk.PhotoImage]
    ) -> None:
        """Define an element made of images: the corners keep their size, the middle fills the widget."""
        least = 2 * self._px(corner)
        self._style.element_create(
            name,
            "image",
            image,
            *others,
            border=self._px(corner),
            padding=0,
            width=least,
            height=least,
            sticky="nsew",
        )

    def _define_layout(self, style: str, *elements: str) -> None:
        """Define the layout of a style: each element fills the one before it."""
        layout: Any = None
        for element in reversed(elements):
            options = {"sticky": "nsew", "expand": True}
            layout = [(element, options if layout is None else {**options, "children": layout})]
        self._style.layout(style, layout)


def _filling(children: list[Any]) -> Any:
    """Return the layout options of an element that fills its widget and contains others."""
    return {"sticky": "nsew", "expand": True, "children": children}
