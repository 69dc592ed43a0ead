"""The Markdown forms that pages share (CommonMark), and where pages stand to each other."""

import re
from urllib.parse import quote

from codeintel_enrich.model.paths import relative_path, short_path

TICKS = re.compile(r"`+")


def page_name(path: str) -> str:
    """The page of an analysed file, relative to the output folder."""
    return f"modules/{short_path(path)}.md"


def code(text: str) -> str:
    """Text on one line, shown as it is."""
    text = " ".join(text.split())
    # A run of backticks ends only at one of equal length, and a space keeps the text's own apart from it; CommonMark
    # strips that space (https://spec.commonmark.org/0.31.2/#code-spans).
    ticks = "`" * (1 + max((len(run) for run in TICKS.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def inert(text: str) -> str:
    """A message as it is, but for names in it that would be elements, links or images."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("[", "\\[")


def fenced(text: str, language: str) -> str:
    """A block of text, shown as it is."""
    fence = "`" * max(3, 1 + max((len(run) for run in TICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def page_link(text: str, path: str, own_path: str) -> str:
    """A link from the page of `own_path` to that of `path`."""
    way = relative_path(page_name(path), page_name(own_path).rpartition("/")[0])
    return f"[{code(text)}]({quote(way, safe='/', errors='surrogateescape')})"
