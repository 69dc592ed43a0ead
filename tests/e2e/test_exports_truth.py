"""The `exports` table of a real build against what the running interpreter exports."""

from pathlib import Path

import pytest

from tests.bench.names import Module, compare, neighbours, score_store
from tests.support.built_packages import built_package, checked_package
from tests.support.truth import ModuleTruth

pytestmark = pytest.mark.slow

INSTALLED = ("rich", "requests", "flask")
STANDARD = ("asyncio", "email", "http")


@pytest.mark.parametrize("package", [*INSTALLED, *STANDARD])
def test_stars_and_origins_are_those_of_the_interpreter(package: str) -> None:
    assert neighbours(package) == []
    # Exports are told by sources alone: a build with an index and a checker, which other tests need, serves as well.
    built = checked_package(package) if package in INSTALLED else built_package(package)
    score = score_store(package, built.store, built.root)
    assert score.modules >= 5
    assert score.static_exact >= 0.99 * score.static
    assert score.exact >= 0.97 * score.modules
    assert score.inner > 0
    assert score.inner_right >= 0.995 * score.inner, score.misses


def test_a_score_tells_what_is_missed_and_why(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from .a import *\nfrom zlib import *\nif x:\n    y = 1\ntry:\n    import z\nexcept ImportError:\n    z = 1\n"
    )
    (package / "a.py").write_text("u = 1\ndel u\nvars()['v'] = 1\ndef w(): ...\n")
    truth = {
        "pkg": ModuleTruth(False, {"adler32", "y", "v", "w"}, {"a"}, {"w": "pkg.a.w"}),
        "pkg.a": ModuleTruth(False, {"v", "w"}, set(), {"w": "pkg.a.w"}),
    }
    said = {
        "pkg": Module(None, {"a", "y", "w"}, {"w": "pkg.b.w"}),
        "pkg.a": Module(None, {"u", "w"}, {"w": "pkg.a.w"}),
    }
    score = compare("pkg", truth, said, tmp_path)
    assert (score.modules, score.exact, score.true, score.extra, score.missing) == (2, 0, 3, 1, 3)
    assert (score.inner, score.inner_right) == (1, 0)
    foreign = "a star of an extension or another package"
    assert score.misses == [
        ("origin", "pkg", "w", f"another; {foreign}"),
        ("missing", "pkg", "adler32", foreign),
        ("missing", "pkg", "v", "a star of a module where it is missed"),
        ("extra", "pkg.a", "u", "deleted"),
        ("missing", "pkg.a", "v", "set by string (`globals()`, `setattr`, ...)"),
    ]


def test_what_is_right_is_no_miss(tmp_path: Path) -> None:
    truth = {"pkg": ModuleTruth(True, {"a"}, {"a"}, {"b": "pkg.x.b", "c": "pkg.c", "d": "other.d"})}
    score = compare("pkg", truth, {"pkg": Module(None, {"a"}, {"b": "pkg.x.b", "d": "other.d"})}, tmp_path)
    assert (score.exact, score.static_exact, score.inner_right, score.outer_right, score.misses) == (1, 1, 1, 1, [])
