"""Import roots as a repository's own build settings name them."""

import pytest

from codeintel_enrich.engine.rules.layout import expanded_roots, find_roots, suspects

UV = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/a/pyproject.toml": "[project]\nname = 'a'\n",
    "packages/b/pyproject.toml": "[project]\nname = 'b'\n",
    "packages/a/src/a/__init__.py": "",
    "packages/b/src/b/__init__.py": "",
    "packages/b/tests/test_b.py": "",
}
LIBS = {
    "libs/one/pyproject.toml": '[tool.poetry]\nname = "one"\n',
    "libs/one/one/__init__.py": "",
    "libs/two/pyproject.toml": '[tool.poetry]\npackages = [{include = "two", from = "py"}]\n',
    "libs/two/py/two/__init__.py": "",
}


def roots(files: dict[str, str]) -> list[str]:
    settings = {path: text for path, text in files.items() if text or path.endswith(".toml")}
    return find_roots(settings, [path for path in files if path.endswith(".py")])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "", "src/shop/__init__.py": ""}, ["src", "."]),
        ({"pyproject.toml": "", "shop/__init__.py": ""}, ["."]),
        (UV, ["packages/*/src", "."]),
        (LIBS, ["libs/one", "libs/two/py", "."]),
        (
            {"services/billing-api/pyproject.toml": "", "services/billing-api/app/main.py": ""},
            ["services/billing-api", "."],
        ),
        ({"setup.cfg": "[options]\npackage_dir =\n    = lib\n", "lib/shop/__init__.py": ""}, ["lib", "."]),
        ({"setup.py": 'setup(package_dir={"": "code"})', "code/shop/__init__.py": ""}, ["code", "."]),
        ({"setup.py": "setup(packages=find_packages('code'))", "code/shop/__init__.py": ""}, ["code", "."]),
        (
            {"pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["code"]\n', "code/shop/__init__.py": ""},
            ["code", "."],
        ),
        (
            {
                "pyproject.toml": '[tool.hatch.build.targets.wheel]\npackages = ["code/shop"]\n',
                "code/shop/__init__.py": "",
            },
            ["code", "."],
        ),
        ({"pyproject.toml": '[tool.pdm.build]\npackage-dir = "code"\n', "code/shop/__init__.py": ""}, ["code", "."]),
        ({"pyproject.toml": '[tool.maturin]\npython-source = "py"\n', "py/shop/__init__.py": ""}, ["py", "."]),
        (
            {"pants.toml": '[source]\nroot_patterns = ["/components/*/py"]\n', "components/x/py/x/__init__.py": ""},
            ["components/x/py", "."],
        ),
        ({"pyproject.toml": "not TOML", "src/shop/__init__.py": ""}, ["src", "."]),
        ({"tests/data/pyproject.toml": "", "tests/data/src/shop/__init__.py": "", "a.py": ""}, ["."]),
    ],
)
def test_build_settings_say_where_packages_lie(files: dict[str, str], expected: list[str]) -> None:
    assert roots(files) == expected


def test_imports_that_lead_nowhere_ask_for_the_folder_that_has_the_package() -> None:
    files = ["libs/graph/graph/__init__.py", "libs/graph/graph/inner/__init__.py", "tests/x/numpy/__init__.py", "a.py"]
    found = suspects({"graph": 2102, "numpy": 3, "inner": 1}, files, ("src", "."), ("src", "."))
    assert [each.text() for each in found] == [
        "2,102 imports of `graph` lead nowhere; is `libs/graph` a root? "
        'In [tool.codeintel-enrich]: roots = ["libs/graph", "src", "."]'
    ]
    assert suspects({"graph": 1}, files, ("libs/graph",), ("libs/*",)) == []


def test_roots_may_be_patterns() -> None:
    folders = {"": ["packages", "libs"], "packages": ["b", "a"], "libs": ["x-1", "y"]}
    found = expanded_roots(["packages/*/src", "./libs/x-?", "."], lambda place: folders.get(place, []))
    assert found == ["packages/a/src", "packages/b/src", "libs/x-1", "."]
