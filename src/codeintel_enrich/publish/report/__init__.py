"""The report's page: facts in, one HTML document out that needs nothing else; knows not where facts come from."""

import html
import re
from functools import cache
from importlib import resources

import msgspec

from codeintel_enrich.model.report import Report

SCRIPTS = ("dom", "tree", "layout", "graph", "details", "treemap", "hotspots", "lists", "page")
"""Parts of the page's script, in the order in which they need each other."""


def render(report: Report) -> bytes:
    """The page: template, styles, scripts and facts in one. Equal facts, equal bytes."""
    parts = {
        "title": html.escape(report.name),
        "style": _part("style.css"),
        "script": "\n".join(_part(f"{name}.js") for name in SCRIPTS),
        "facts": _facts(report),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _part("page.html")).encode()


def _facts(report: Report) -> str:
    """JSON that ends no script element, whatever is in it."""
    # HTML ends a script at the first `</script`, whatever the script's own quotes say. The two separators are line ends
    # in scripts of before ES2019, where a text must not hold them.
    data = msgspec.json.encode(report).decode()
    return data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _part(name: str) -> str:
    return resources.files(__name__).joinpath("parts", name).read_text(encoding="utf-8")
