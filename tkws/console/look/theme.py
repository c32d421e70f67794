"""A ttk theme on top of ``clam``, light or dark: round buttons and fields, thin scroll bars, no grey.

One for each interpreter (`theme_of`). Sizes follow the screen and the font: `Theme.px` turns pixels of a
96 dpi screen into this one's, or more where the font is large. Fonts are made of the platform's own
named fonts.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont, ttk
from typing import Any

from tkws.console.look.dialogs import dress_dialogs
from tkws.console.look.palette import DARK, LIGHT, Palette
from tkws.console.look.shapes import disc, rounded, stroke

_NAME = "tkws"
_LINE = 18.0  # a line of the platforms' usual fonts is no higher, in pixels of a 96 dpi screen
_PALETTES = {"light": LIGHT, "dark": DARK}


def theme_of(widget: tk.Misc) -> Theme:
    """Return the theme of a widget's interpreter; it is made and put in use at the first call."""
    root = widget.nametowidget(".")
    theme = getattr(root, "tkws_theme", None)
    if not isinstance(theme, Theme):
        theme = Theme(root)
        root.tkws_theme = theme  # lives as long as the interpreter
    return theme


class Theme:
    """The styles, fonts and images of one interpreter.

    Styles beside ttk's own names: ``Side.`` (frames, labels: the tinted panels), ``Soft.``,
    ``Title.``, ``Section.``, ``Bad.`` (labels), ``Quiet.``, ``Bad.Quiet.`` and ``Bare.`` (buttons),
    ``Card.`` (frame).
    What is round has the ground around it as its background: ``Side.Quiet.``, ``OnBad.``, ``Side.Card.``.

    Attributes:
        colours: The palette.
        is_dark: Whether that is the dark one.
        body: The font of text.
        bold: The same, bold.
        small: The font of what stands beside the text.
        small_bold: The same, bold.
        title: The font of headings.
        mono: The font of data, whose characters are all of one width.
    """

    def __init__(self, root: tk.Tk) -> None:
        self.colours: Palette = LIGHT
        self._root = root
        line = tkfont.nametofont("TkDefaultFont", root).metrics("linespace")
        self._unit = max(root.winfo_fpixels("1p") * 0.75, line / _LINE)
        self._images: dict[tuple[object, ...], tk.PhotoImage] = {}
        self.body = self._font("body", "TkDefaultFont", 0)
        self.bold = self._font("bold", "TkDefaultFont", 0, weight="bold")
        self.small = self._font("small", "TkDefaultFont", -1)
        self.small_bold = self._font("smallbold", "TkDefaultFont", -1, weight="bold")
        self.title = self._font("title", "TkDefaultFont", +3, weight="bold")
        self.mono = self._font("mono", "TkFixedFont", 0)
        self._style = ttk.Style(root)
        self.use("light")

    def use(self, name: str) -> None:
        """Show ``"light"`` or ``"dark"``.

        Widgets of ttk follow by themselves; every other gets ``<<ThemeChanged>>`` and has to.

        Raises:
            KeyError: For another name.
        """
        self.colours = _PALETTES[name]
        self.is_dark = name == "dark"
        full = _NAME if name == "light" else f"{_NAME}.{name}"
        if full in self._style.theme_names():
            self._style.theme_use(full)
        else:
            self._style.theme_create(full, parent="clam")
            self._style.theme_use(full)
            self._set_defaults()
            self._set_labels()
            self._set_buttons()
            self._set_entry()
            self._set_choices()
            self._set_lists()
            self._set_scrollbars()
        self._root.configure(background=self.colours.surface)
        self._set_classic()
        # ttk announces a theme when idle, which must not be after the root's end.
        self._root.update_idletasks()

    def follow(self, widget: tk.Misc, paint: Callable[[], object]) -> None:
        """Have ``paint()`` called now and whenever the colours of a widget that is not ttk's have changed.

        What was never in sight has no window yet and hears of no change, so it is painted when it comes.
        """
        paint()
        for event in ("<<ThemeChanged>>", "<Map>"):
            widget.bind(event, lambda _: paint(), add=True)

    def px(self, pixels: float) -> int:
        """Return pixels of a 96 dpi screen in pixels of this one; never less than 1."""
        return max(1, round(pixels * self._unit))

    def size(self, width: float, height: float) -> str:
        """Return a window's geometry, of pixels of a 96 dpi screen, that is no larger than this screen."""
        across, down = self._root.winfo_screenwidth(), self._root.winfo_screenheight()
        return f"{min(self.px(width), across)}x{min(self.px(height), down)}"

    def disc(self, pixels: float, colour: str) -> tk.PhotoImage:
        """Return a filled circle, ``pixels`` of a 96 dpi screen across."""
        key = ("disc", pixels, colour)
        if key not in self._images:
            self._images[key] = disc(self._root, self.px(pixels), colour)
        return self._images[key]

    def box(self, width: int, height: int, radius: float, fill: str, border: str = "") -> tk.PhotoImage:
        """Return a rectangle with round corners; width and height in pixels of this screen."""
        key = ("box", width, height, radius, fill, border)
        if key not in self._images:
            self._images[key] = rounded(
                self._root,
                width,
                height,
                self.px(radius),
                fill,
                border=border,
                thickness=max(1.0, self._unit),
            )
        return self._images[key]

    def menu(self, parent: tk.Misc) -> tk.Menu:
        """Return a menu without a tear-off that fits the theme."""
        menu = tk.Menu(parent, tearoff=False)
        self.paint_menu(menu)
        return menu

    def paint_menu(self, menu: tk.Menu) -> None:
        """Give a menu the colours of the palette in use."""
        colours = self.colours
        if self._root.tk.call("tk", "windowingsystem") == "x11":  # elsewhere menus are the system's
            menu.configure(
                background=colours.surface,
                foreground=colours.text,
                activebackground=colours.accent_soft,
                activeforeground=colours.text,
                disabledforeground=colours.faint,
                borderwidth=1,
                activeborderwidth=0,
                relief="flat",
            )

    def menu_space(self) -> tk.PhotoImage:
        """Return an image of nothing: beside a menu entry's text it makes the entry as high as a button."""
        key = ("space",)
        if key not in self._images:
            self._images[key] = tk.PhotoImage(master=self._root, width=self.px(8), height=self.px(26))
        return self._images[key]

    def _font(self, name: str, base: str, larger: int, weight: str = "") -> str:
        """Make a named font like ``base``, ``larger`` points or pixels larger."""
        full = f"tkws.{name}"
        made = tkfont.nametofont(base, self._root).actual()
        size = int(made["size"])
        made["size"] = size - larger if size < 0 else size + larger
        if weight:
            made["weight"] = weight  # type: ignore[typeddict-item]
        options = [word for name, value in made.items() for word in (f"-{name}", value)]
        self._root.tk.call("font", "create", full, *options)
        return full

    def _set_defaults(self) -> None:
        colours = self.colours
        self._style.configure(
            ".",
            background=colours.surface,
            foreground=colours.text,
            font=self.body,
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
        self._element("Card.border", 14, self._big_box(12, colours.surface, colours.line, height=160))
        self._nest("Card.TFrame", "Card.border")
        self._style.configure("Side.Card.TFrame", background=colours.side)

    def _set_labels(self) -> None:
        colours = self.colours
        for name, options in {
            "Soft.TLabel": {"foreground": colours.soft},
            "Small.TLabel": {"foreground": colours.soft, "font": self.small},
            "Title.TLabel": {"font": self.title},
            "Wrong.TLabel": {"foreground": colours.bad, "font": self.small},
            "Side.TLabel": {"background": colours.side, "font": self.bold},
            "Figure.TLabel": {"background": colours.side, "font": self.small, "anchor": "e"},
            "Status.TLabel": {"background": colours.side, "foreground": colours.soft, "font": self.small},
            "Section.TLabel": {
                "background": colours.side,
                "foreground": colours.faint,
                "font": self.small_bold,
            },
            "Bad.TLabel": {"background": colours.bad_soft, "foreground": colours.bad},
        }.items():
            self._style.configure(name, **options)

    def _set_buttons(self) -> None:
        colours = self.colours
        accent = colours.accent, colours.accent_strong, colours.accent_strong, ""
        quiet = colours.surface, colours.hover, colours.line, colours.line
        self._button("TButton", accent, foreground=colours.on_accent, font=self.bold)
        self._button("Quiet.TButton", quiet, foreground=colours.text, font=self.body)
        self._style.map("TButton", foreground=[("disabled", colours.surface)])
        self._style.map("Quiet.TButton", foreground=[("disabled", colours.faint)])
        self._style.configure("Side.Quiet.TButton", background=colours.side)
        self._style.configure("Bad.Quiet.TButton", foreground=colours.bad)
        self._style.configure("OnBad.TButton", background=colours.bad_soft)
        self._nest("Bare.TButton", "Button.padding", "Button.label")
        self._style.configure(
            "Bare.TButton",
            background=colours.side,
            foreground=colours.accent,
            font=self.small_bold,
            padding=(self.px(4), self.px(2)),
        )
        self._style.map("Bare.TButton", foreground=[("active", colours.accent_strong)], background=[])

        self._nest("Bad.TButton", "Button.padding", "Button.label")
        self._style.configure("Bad.TButton", background=colours.bad_soft, foreground=colours.bad)
        self._style.map("Bad.TButton", foreground=[("active", colours.text)], background=[])

    def _button(self, name: str, look: tuple[str, str, str, str], **options: str) -> None:
        normal, active, pressed, border = look
        disabled = self.colours.side if border else self.colours.faint
        self._element(
            f"{name}.shape",
            10,
            self._big_box(8, normal, border),
            ("disabled", self._big_box(8, disabled, border)),
            ("pressed", self._big_box(8, pressed, border)),
            ("active", self._big_box(8, active, border)),
            ("focus", self._big_box(8, active, border or self.colours.text)),
        )
        self._nest(name, f"{name}.shape", "Button.padding", "Button.label")
        self._style.configure(name, padding=(self.px(13), self.px(7)), anchor="center", **options)

    def _set_entry(self) -> None:
        colours = self.colours
        self._element(
            "Round.field",
            10,
            self._big_box(8, colours.surface, colours.line),
            ("focus", self._big_box(8, colours.surface, colours.accent)),
            ("disabled", self._big_box(8, colours.side, colours.line)),
        )
        self._nest("TEntry", "Round.field", "Entry.padding", "Entry.textarea")
        self._style.configure("TEntry", padding=(self.px(10), self.px(8)), foreground=colours.text)
        self._style.map("TEntry", foreground=[("disabled", colours.faint)])

    def _set_choices(self) -> None:
        """Check boxes and drop-down fields; the choices of a few are buttons that stay pressed."""
        colours, px = self.colours, self.px
        quiet = colours.surface, colours.hover, colours.line, ""
        self._button("TRadiobutton", quiet, foreground=colours.soft, font=self.small_bold)
        self._style.map("TRadiobutton", foreground=[("selected", colours.accent)])
        self._style.configure("TRadiobutton", padding=(px(8), px(3)))
        check = (0.25, 0.52), (0.43, 0.7), (0.76, 0.33)
        box, accent = (colours.surface, colours.faint), (colours.accent, colours.accent)
        self._indicator("TCheckbutton", "Check.mark", check, box, accent)
        self._style.element_create(
            "Drop.arrow",
            "image",
            self._stroke(((0.25, 0.4), (0.5, 0.65), (0.75, 0.4)), colours.soft),
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

    def _indicator(
        self,
        style: str,
        name: str,
        mark: tuple[tuple[float, float], ...],
        off: tuple[str, str],
        on: tuple[str, str],
    ) -> None:
        """Give a check box its box, which is an image."""
        colours, accent = self.colours, self.colours.accent
        self._style.element_create(
            name,
            "image",
            self._stroke((), "", *off),
            ("selected", "focus", self._stroke(mark, colours.on_accent, on[0], colours.text)),
            ("selected", self._stroke(mark, colours.on_accent, *on)),
            ("focus", self._stroke((), "", off[0], accent)),
            width=self.px(24),
            sticky="w",
        )
        box: Any = (name, {"side": "left", "sticky": ""})
        label: Any = ("Checkbutton.label", {"side": "left", "sticky": "nsew"})
        self._style.layout(style, [("Checkbutton.padding", _filling([box, label]))])
        self._style.configure(style, padding=self.px(3))
        self._style.map(style, foreground=[("disabled", colours.faint)], background=[])

    def _stroke(
        self, points: tuple[tuple[float, float], ...], colour: str, fill: str = "", border: str = ""
    ) -> tk.PhotoImage:
        key = ("stroke", points, colour, fill, border)
        if key not in self._images:
            size = self.px(17)
            self._images[key] = stroke(self._root, size, points, colour, fill=fill, border=border)
        return self._images[key]

    def _set_lists(self) -> None:
        """Lists, progress bars and the bars between panes."""
        colours, px = self.colours, self.px
        linespace = tkfont.nametofont(self.body, self._root).metrics("linespace")
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
            font=self.small_bold,
            relief="flat",
            borderwidth=0,
            padding=(px(6), px(4)),
        )
        self._style.map("Treeview.Heading", background=[("active", colours.hover)])
        self._style.layout("Treeview", [("Treeview.treearea", {"sticky": "nsew"})])
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

    def _set_scrollbars(self) -> None:
        colours, width = self.colours, self.px(8)
        for way, sticky, size in (
            ("Vertical", "ns", (width, self.px(16))),
            ("Horizontal", "ew", (self.px(16), width)),
        ):
            self._style.element_create(
                f"{way}.thumb",
                "image",
                self.box(*size, 4, colours.line),
                ("active", self.box(*size, 4, colours.faint)),
                border=self.px(4),
                sticky=sticky,
            )
            self._nest(f"{way}.TScrollbar", f"{way}.Scrollbar.trough", f"{way}.thumb")
            self._style.configure(
                f"{way}.TScrollbar",
                troughcolor=colours.surface,
                bordercolor=colours.surface,
                lightcolor=colours.surface,
                darkcolor=colours.surface,
                relief="flat",
            )

    def _set_classic(self) -> None:
        """The lists that drop-down fields open, and some of the file dialog, are no widgets of ttk."""
        colours = self.colours
        dress_dialogs(self._root, colours)
        options: dict[str, Any] = {
            "background": colours.surface,
            "foreground": colours.text,
            "selectBackground": colours.accent,
            "selectForeground": colours.on_accent,
            "font": self.body,
            "relief": "flat",
            "borderWidth": self.px(5),
            "highlightThickness": 1,
            "highlightBackground": colours.line,
            "highlightColor": colours.line,
        }
        for option, value in options.items():
            self._root.option_add(f"*TCombobox*Listbox.{option}", value)
        words = (word for option, value in options.items() for word in (f"-{option.lower()}", value))
        self._paint_lists(".", tuple(words))

    def _paint_lists(self, above: str, options: tuple[Any, ...]) -> None:
        """Give the lists of drop-down fields that were opened before the new colours."""
        tk_call = self._root.tk.call
        for widget in self._root.tk.splitlist(tk_call("winfo", "children", above)):
            if tk_call("winfo", "class", widget) == "Listbox":
                tk_call(widget, "configure", *options)
            self._paint_lists(widget, options)

    def _big_box(self, radius: float, fill: str, border: str, height: float = 40) -> tk.PhotoImage:
        """A box so big that few copies of its middle fill any widget: each copy takes the X server's time."""
        return self.box(self.px(240), self.px(height), radius, fill, border)

    def _element(
        self, name: str, corner: float, image: tk.PhotoImage, *others: tuple[str, tk.PhotoImage]
    ) -> None:
        """Make an element of images whose corners stay as they are and whose middle fits the widget."""
        least = 2 * self.px(corner)
        self._style.element_create(
            name,
            "image",
            image,
            *others,
            border=self.px(corner),
            padding=0,
            width=least,
            height=least,
            sticky="nsew",
        )

    def _nest(self, style: str, *elements: str) -> None:
        """Give a style a layout in which each element fills the one before it."""
        layout: Any = None
        for element in reversed(elements):
            options = {"sticky": "nsew", "expand": True}
            layout = [(element, options if layout is None else {**options, "children": layout})]
        self._style.layout(style, layout)


def _filling(children: list[Any]) -> Any:
    """The options of an element of a layout that fills its widget and has others in it."""
    return {"sticky": "nsew", "expand": True, "children": children}
