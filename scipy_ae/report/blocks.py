"""What a page is made of: sections of blocks. The templates know how to show each kind of block, and nothing more.

A page of another sort (a study of many runs, say) is another list of sections; a block of another sort is a class
here and a macro of the same name in ``templates/blocks.html.j2``.
"""

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote


@dataclass(frozen=True)
class Picture:
    """A PNG with the words that belong to it. A ``photo`` keeps its colours in the dark theme.

    A ``crisp`` one has two dots for a pixel of the screen and is never scaled: it is moved sideways within its card
    where it is wider.
    """

    kind: ClassVar[str] = "picture"
    name: str
    data: bytes = field(repr=False)
    alt: str
    caption: str
    photo: bool = False
    crisp: bool = False

    @property
    def uri(self) -> str:
        return "data:image/png;base64," + b64encode(self.data).decode("ascii")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in dots, from the PNG's own header."""
        width, height = struct.unpack(">II", self.data[16:24])
        return width, height

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in pixels of the page, where it has the room."""
        width, height = self.size
        return (width // 2, height // 2) if self.crisp else (width, height)


@dataclass(frozen=True)
class Table:
    """Rows of words under headings; the first of each row names it. ``marked`` rows stand out."""

    kind: ClassVar[str] = "table"
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()
    note: str = ""
    marked: frozenset[int] = frozenset()
    numbers: bool = True  # all cells but the first are numbers, set flush right
    wide: bool = False  # over both columns of the page


@dataclass(frozen=True)
class Terms:
    """Words and what they mean."""

    kind: ClassVar[str] = "terms"
    title: str
    terms: Sequence[tuple[str, str]]
    wide: bool = False  # over both columns of the page


@dataclass(frozen=True)
class Notes:
    """Sentences, one below the other."""

    kind: ClassVar[str] = "notes"
    title: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Command:
    """Something to copy into a terminal."""

    kind: ClassVar[str] = "command"
    title: str
    text: str
    hint: str


@dataclass(frozen=True)
class Link:
    """Another page beside this one, by its path from here; a PNG of it, if there is one, stands before the words."""

    path: str
    text: str
    remarks: Sequence[str] = ()
    picture: bytes | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return quote(self.path)

    @property
    def uri(self) -> str:
        assert self.picture is not None
        return Picture("", self.picture, "", "").uri


@dataclass(frozen=True)
class Links:
    """Ways to other pages."""

    kind: ClassVar[str] = "links"
    title: str
    links: Sequence[Link]
    narrow: bool = False  # several in a row


@dataclass(frozen=True)
class Explorer:
    """The latent plane to play with: the page's script decodes codes from ``data``, which is JSON.

    ``words`` are those of its controls, ``maps`` and ``names`` the choices of two of them, and ``axes`` says how many
    sliders it has: one for each number of a code, or for each of some principal axes. ``film`` are the words of the
    film's controls, where ``data`` holds one.
    """

    kind: ClassVar[str] = "explorer"
    words: dict[str, Any]
    maps: Sequence[tuple[str, str]]
    names: Sequence[str]
    axes: int
    data: dict[str, Any] = field(repr=False)
    film: dict[str, Any] = field(default_factory=dict)


Block = Picture | Table | Terms | Notes | Command | Links | Explorer


@dataclass(frozen=True)
class Section:
    """A heading, an introduction of a sentence or two, and blocks set in two columns where there is room."""

    id: str
    title: str
    intro: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class KeyFigure:
    """One number that matters, what it is, and a remark."""

    value: str
    name: str
    remark: str = ""
    good: bool = False


@dataclass(frozen=True)
class Page:
    """A whole page, ready to be shown."""

    language: str
    title: str
    over: str  # small, above the heading
    heading: str
    lead: str
    warning: str
    key_figures: Sequence[KeyFigure]
    sections: Sequence[Section]
    contents: str  # name of the list of sections, for those who listen to the page
    foot: str
