"""Which name imports which file: the module table against Python's own path finder, and by case."""

import importlib
import importlib.machinery
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.modules import ModuleName, realm_of


def names(*paths: str, roots: tuple[str, ...] = ("src", ".")) -> dict[str, str | None]:
    """Module by path of what can be imported; None for the rest."""
    table = module_table(paths, roots)
    return {path: name.module if name.importable else None for path, name in table.items()}


def test_longest_root_wins() -> None:
    found = names("src/pkg/__init__.py", "src/pkg/a.py", "tests/test_a.py", "setup.py")
    assert found == {
        "src/pkg/__init__.py": "pkg",
        "src/pkg/a.py": "pkg.a",
        "tests/test_a.py": "tests.test_a",
        "setup.py": "setup",
    }


def test_root_that_is_a_package_is_no_root() -> None:
    assert names("src/__init__.py", "src/a.py") == {"src/__init__.py": "src", "src/a.py": "src.a"}


def test_package_wins_over_module_beside_it() -> None:
    table = module_table(["foo.py", "foo/__init__.py", "foo/bar.py"], ["."])
    assert table["foo.py"] == ModuleName("foo", "", False, False, False, "./foo.py")
    assert table["foo/__init__.py"].importable
    assert table["foo/bar.py"].importable


def test_module_wins_over_namespace_folder_beside_it() -> None:
    assert names("foo.py", "foo/bar.py", roots=(".",)) == {"foo.py": "foo", "foo/bar.py": None}


def meanings(table: dict[str, ModuleName], dotted: str) -> dict[str, str | None]:
    """File -> the file that an absolute dotted name means there."""
    files = {name.key: path for path, name in table.items() if name.importable}
    return {path: files.get(name.meant(dotted)) for path, name in table.items()}


def test_namespace_packages_merge_over_roots() -> None:
    table = module_table(["a/space/x.py", "b/space/y.py", "b/space/z.py"], ["a", "b"])
    assert {path: name.key for path, name in table.items()} == {
        "a/space/x.py": "space.x",
        "b/space/y.py": "space.y",
        "b/space/z.py": "space.z",
    }


def test_the_root_of_a_file_decides_then_the_nearest_one_then_the_first() -> None:
    paths = ["a/src/one.py", "b/src/one.py", "a/src/x.py", "b/src/x.py", "b/tests/t.py", "c/t.py"]
    table = module_table(paths, ["a/src", "b/src", "."])
    assert {name.module for path, name in table.items() if path.endswith("one.py")} == {"one"}
    assert meanings(table, "one") == {
        "a/src/one.py": "a/src/one.py",
        "a/src/x.py": "a/src/one.py",
        "b/src/one.py": "b/src/one.py",
        "b/src/x.py": "b/src/one.py",
        "b/tests/t.py": "b/src/one.py",
        "c/t.py": "a/src/one.py",
    }


def test_regular_packages_of_one_name_are_two() -> None:
    paths = ["a/p/__init__.py", "b/p/__init__.py", "b/p/only_here.py"]
    table = module_table(paths, ["a", "b"])
    assert meanings(table, "p.only_here") == {"a/p/__init__.py": None, paths[1]: paths[2], paths[2]: paths[2]}
    assert table["b/p/only_here.py"].package == table["b/p/__init__.py"].key


def test_packages_that_extend_their_path_are_one() -> None:
    paths = ["a/p/__init__.py", "a/p/x.py", "b/p/__init__.py", "b/p/y.py", "c/p/z.py"]
    table = module_table(paths, ["a", "b", "c"], lambda path: True)
    assert meanings(table, "p.z") == dict.fromkeys(paths, "c/p/z.py")
    assert meanings(table, "p.x") == dict.fromkeys(paths, "a/p/x.py")
    assert {name.package for name in table.values()} == {"p"}


def test_a_folder_that_no_import_can_spell_is_a_root_for_what_lies_in_it() -> None:
    paths = ["billing-api/app/__init__.py", "billing-api/src/lib.py", "billing-api/t.py", "app.py", "lib.py", "z/t.py"]
    table = module_table(paths, ["."])
    inside = {path for path in paths if path.startswith("billing-api")}
    assert meanings(table, "app") == {path: paths[0] if path in inside else "app.py" for path in paths}
    assert meanings(table, "lib") == {path: paths[1] if path in inside else "lib.py" for path in paths}
    assert table["billing-api/app/__init__.py"].module == "app"


def test_a_root_in_a_folder_that_no_import_can_spell_is_seen_from_everywhere() -> None:
    paths = ["acme-a/src/acme/a/__init__.py", "acme-b/src/acme/b.py", "acme-b/tests/t.py", "run.py"]
    table = module_table(paths, ["acme-a/src", "acme-b/src", "."])
    assert meanings(table, "acme.a") == dict.fromkeys(paths, paths[0])
    assert meanings(table, "acme.b") == dict.fromkeys(paths, paths[1])
    assert table[paths[0]].package == "acme.a"


def test_a_script_finds_what_lies_beside_it_and_a_package_does_not() -> None:
    paths = ["s/config.py", "s/run.py", "p/__init__.py", "p/config.py", "p/run.py", "s/json.py"]
    table = module_table(paths, ["."])
    assert meanings(table, "config") == {path: "s/config.py" if path.startswith("s/") else None for path in paths}
    # The standard library's, for the folder may be a package without an `__init__.py`.
    assert meanings(table, "json") == dict.fromkeys(paths)


def test_stub_has_its_modules_name() -> None:
    table = module_table(["p/__init__.py", "p/m.py", "p/m.pyi", "p/c.pyi"], ["."])
    assert {path: (name.module, name.is_stub, name.importable) for path, name in table.items()} == {
        "p/__init__.py": ("p", False, True),
        "p/c.pyi": ("p.c", True, True),
        "p/m.py": ("p.m", False, True),
        "p/m.pyi": ("p.m", True, True),
    }


def test_stub_packages_and_stub_folders() -> None:
    found = names("lib-stubs/__init__.pyi", "lib-stubs/deep/m.pyi", "stubs/other/__init__.pyi", "lib.py", roots=(".",))
    assert found == {
        "lib-stubs/__init__.pyi": "lib",
        "lib-stubs/deep/m.pyi": "lib.deep.m",
        "lib.py": "lib",
        "stubs/other/__init__.pyi": "other",
    }


def test_names_that_no_import_statement_can_spell_are_names_as_importlib_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {
        "odd-script.py": "odd-script",
        "class.py": "class",
        "odd_scripts/run-all.py": "odd_scripts.run-all",
        "odd_scripts/0001 first.py": "odd_scripts.0001 first",
        "odd/0001_initial.py": "odd.0001_initial",
        "odd/__init__.py": "odd",
        "odd/is/__init__.py": "odd.is",
        "odd/is/formats.py": "odd.is.formats",
        "odd/is/x-y/__init__.py": "odd.is.x-y",
        "odd/is/x-y/class.py": "odd.is.x-y.class",
    }
    scripts = dict.fromkeys(["odd/v1.2/__init__.py", "odd/a.b.py", "a.b.py"])
    assert names(*modules, *scripts) == {**modules, **scripts}
    for path in modules:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    for path, module in modules.items():
        assert importlib.import_module(module).__file__ == str(tmp_path / path)


def test_where_no_import_finds_a_file_its_path_stands_in_front_of_what_it_defines() -> None:
    paths = ["util.py", "util/__init__.py", "util.pyi", "data-files/x.py", "bin/tool", "tool", "gui.pyw", "__init__.py"]
    owners = {path: name.owner for path, name in module_table(paths, ["src", "."]).items()}
    assert owners == {
        "__init__.py": "./__init__.py",
        "bin/tool": "bin/tool",
        "data-files/x.py": f"{realm_of('data-files')}x",
        "gui.pyw": "./gui.pyw",
        "tool": "./tool",
        "util.py": "./util.py",
        "util.pyi": "util",
        "util/__init__.py": "util",
    }


def test_relative_imports_start_from_the_package() -> None:
    table = module_table(["p/__init__.py", "p/q/__init__.py", "p/q/m.py", "top.py"], ["."])
    assert {path: name.package for path, name in table.items()} == {
        "p/__init__.py": "p",
        "p/q/__init__.py": "p.q",
        "p/q/m.py": "p.q",
        "top.py": "",
    }


def test_order_of_paths_does_not_matter() -> None:
    paths = ["b/x.py", "a/x.py", "x.py", "x/__init__.py", "x.pyi", "src/x.py"]
    assert module_table(paths, ["src", "."]) == module_table(reversed(paths), ["src", "."])


@pytest.mark.parametrize(
    "paths",
    [
        ["r1/foo.py", "r1/foo/__init__.py", "r2/foo.py"],
        ["r1/foo.py", "r1/foo/bar.py"],
        ["r1/ns/a.py", "r2/ns/a.py", "r2/ns/b.py", "r2/ns/sub/c.py"],
        ["r1/ns/a.py", "r2/ns/__init__.py", "r2/ns/b.py"],
        ["r2/ns/__init__.py", "r1/ns.py", "r2/ns/b.py"],
    ],
)
def test_the_path_finder_agrees(paths: list[str], tmp_path: Path) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    table = module_table(paths, ["r1", "r2"])
    roots = [tmp_path / "r1", tmp_path / "r2"]
    for path, name in table.items():
        assert name.module is not None
        assert (name.importable and not name.realm) == (_found(name.module, roots) == tmp_path / path), path
        # A program of the file's own distribution has none but its root on the path.
        assert name.importable == (_found(name.module, [tmp_path / path[:2]]) == tmp_path / path), path


def _found(module: str, roots: Iterable[Path]) -> Path | None:
    """The file that the path finder gives for a dotted name."""
    places: list[str] | None = [str(root) for root in roots]
    origin: str | None = None
    for part in module.split("."):
        if places is None:
            return None
        sys.path_importer_cache.clear()
        spec = importlib.machinery.PathFinder.find_spec(part, places)
        if spec is None:
            return None
        origin = spec.origin
        places = list(spec.submodule_search_locations) if spec.submodule_search_locations is not None else None
    return Path(origin) if origin else None
