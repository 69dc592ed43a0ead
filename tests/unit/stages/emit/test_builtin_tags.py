"""Every built-in tag, on files of real packages: those that bear it, and those that must not."""

from collections import defaultdict
from functools import cache

import pytest

from codeintel_enrich.model.context import Coverage, FileContext
from tests.support.packages import package_folder
from tests.support.rows import emitted


@cache
def tagged(*packages: str) -> dict[str, set[str]]:
    """Tag -> files that bear it."""
    sources: dict[str, bytes] = {}
    for name in packages:
        folder = package_folder(name)
        files = [*folder.rglob("*.py"), *folder.rglob("*.pyi")]
        sources.update({f"{name}/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in sorted(files)})
    # A real file, cut in its middle.
    sources["flask/cut.py"] = sources["flask/app.py"][: sources["flask/app.py"].index(b"def wsgi_app(")] + b"def ("
    covered = FileContext(coverage=Coverage(covered=(1, 2, 3), missed=(4,)))
    barely = FileContext(coverage=Coverage(covered=(1,), missed=(2, 3, 4)))
    contexts = {"flask/app.py": barely, "flask/cli.py": covered, "certifi/tests/test_certify.py": barely}
    found: dict[str, set[str]] = defaultdict(set)
    for path, rows in emitted(sources, contexts=contexts).items():
        for tag in rows.fragments.summary.tags:
            found[tag].add(path)
    return found


PACKAGES = ("certifi", "click", "flask", "tree_sitter_python")


@pytest.mark.parametrize(
    ("tag", "bearing", "not_bearing"),
    [
        ("public-api", {"flask/__init__.py", "click/__init__.py"}, {"click/_compat.py", "certifi/tests/__init__.py"}),
        ("reexport-hub", {"flask/__init__.py", "click/__init__.py"}, {"flask/app.py", "certifi/__init__.py"}),
        ("overlay-needed", {"click/__init__.py", "click/parser.py"}, {"flask/__init__.py", "click/core.py"}),
        ("low-coverage", {"flask/app.py"}, {"flask/cli.py", "click/core.py", "certifi/tests/test_certify.py"}),
        ("parse-error", {"flask/cut.py"}, {"flask/app.py"}),
        ("stub", {"tree_sitter_python/__init__.pyi"}, {"tree_sitter_python/__init__.py"}),
        ("test", {"certifi/tests/test_certify.py"}, {"flask/testing.py", "certifi/core.py"}),
        ("cli", {"flask/__main__.py", "flask/cli.py", "certifi/__main__.py"}, {"flask/json/__init__.py"}),
    ],
)
def test_a_tag_is_borne_by_those_it_is_meant_for(tag: str, bearing: set[str], not_bearing: set[str]) -> None:
    files = tagged(*PACKAGES)[tag]
    assert bearing <= files
    assert files.isdisjoint(not_bearing)


def test_stars_and_hardly_annotated_modules_are_tagged() -> None:
    folder = package_folder("networkx") / "readwrite"
    names = ("__init__.py", "edgelist.py", "gexf.py", "text.py", "tests/test_text.py")
    sources = {f"networkx/readwrite/{name}": (folder / name).read_bytes() for name in names}
    tags = {path: set(rows.fragments.summary.tags) for path, rows in emitted(sources).items()}
    assert "star-import" in tags["networkx/readwrite/__init__.py"]
    assert "star-import" not in tags["networkx/readwrite/gexf.py"]
    assert "untyped-hotspot" in tags["networkx/readwrite/gexf.py"]
    assert not any("untyped-hotspot" in borne for path, borne in tags.items() if "test" in borne)
    annotated = (package_folder("click") / "formatting.py").read_bytes()
    assert (
        "untyped-hotspot"
        not in emitted({"click/formatting.py": annotated})["click/formatting.py"].fragments.summary.tags
    )
