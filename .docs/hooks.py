"""Puts pages into the site that are written elsewhere in the repository, and one page for each package of the code."""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

CHECKOUT = Path(__file__).parents[1]
SOURCES = CHECKOUT / "src"
EXAMPLES = CHECKOUT / "tests" / "examples"

PAGES = {
    "README.md": "index.md",
    "src/codeintel_enrich/TOUR.md": "tour.md",
    "src/codeintel_enrich/REFERENCE.md": "reference.md",
    "src/codeintel_enrich/ARCHITECTURE.md": "architecture.md",
    ".github/CONTRIBUTING.md": "contributing.md",
    ".github/SECURITY.md": "security.md",
    ".github/CHANGELOG.md": "changelog.md",
}
"""File of the repository -> page of the site."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the packages to the navigation."""
    assert config.nav is not None
    (code,) = (entry["Code"] for entry in config.nav if "Code" in entry)
    code += [{name: page} for name, page in _packages().items()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    texts = {page: _relinked(source, (CHECKOUT / source).read_text("utf-8")) for source, page in PAGES.items()}
    texts["examples.md"] = _examples()
    texts |= {page: "".join(_reference(name)) for name, page in _packages().items()}
    for page, text in texts.items():
        files.append(File.generated(config, page, content=text))
    return files


def _relinked(source: str, text: str) -> str:
    """The text with its links from file to file made links from page to page.

    A link to what is no page is left as it is, and a strict build fails of it.
    """

    def page_of(link: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        return f"]({PAGES.get(file, link[1])}"

    return re.sub(r"\]\((?!\w+:|#)([^)#\s]+)", page_of, text)


def _examples() -> str:
    """Every example: what its docstring says, and its code without that."""
    parts = ["# Examples\n\nEach is run by a test. They are in the folder `tests/examples` of the repository.\n"]
    for file in sorted(EXAMPLES.glob("*.py")):
        text = file.read_text("utf-8")
        docstring = ast.parse(text).body[0]
        title, _, rest = (ast.get_docstring(ast.parse(text)) or "").partition("\n")
        code = "\n".join(text.splitlines()[docstring.end_lineno or 0 :]).strip()
        parts.append(f"\n## {title.rstrip('.')}\n{rest}\n\n`{file.name}`:\n\n```python\n{code}\n```\n")
    return "".join(parts)


def _packages() -> dict[str, str]:
    """Dotted name -> page."""
    folders = sorted(init.parent.relative_to(SOURCES) for init in SOURCES.glob("codeintel_enrich/**/__init__.py"))
    names = [".".join(folder.parts) for folder in folders]
    return {name: f"code/{name}.md" for name in names}


def _reference(package: str) -> Iterator[str]:
    """The page of a package: itself and the modules directly in it."""
    yield f"# {package}\n\n::: {package}\n"
    for file in sorted((SOURCES / package.replace(".", "/")).glob("*.py")):
        if not file.stem.startswith("__"):
            yield f"\n::: {package}.{file.stem}\n"
