"""What `link` says of stars and definitions is what the interpreter says, case by case."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.unit.stages.link.cases import CASES
from tests.unit.stages.link.support import link_files

_PROBE = """
import importlib, json, pkgutil, sys, types
sys.path.insert(0, sys.argv[1])
answers = {}
for case in sys.argv[2:]:
    package = importlib.import_module(case)
    names = [case] + [m.name for m in pkgutil.walk_packages(package.__path__, case + ".")]
    for name in names:
        importlib.import_module(name)
    for name in [n for n in sys.modules if n == case or n.startswith(case + ".")]:
        module = sys.modules[name]
        if getattr(module, "__file__", None) is None:
            continue
        bound = {}
        exec(f"from {name} import *", bound)
        bound.pop("__builtins__")
        origins = {}
        for key, value in vars(module).items():
            if isinstance(value, types.ModuleType):
                origins[key] = value.__name__
            elif isinstance(value, (type, types.FunctionType)) and value.__module__.partition(".")[0] == case:
                if "<" not in value.__qualname__:
                    origins[key] = f"{value.__module__}.{value.__qualname__}"
        submodules = [k for k, v in vars(module).items() if getattr(v, "__name__", None) == f"{name}.{k}"]
        answers[name] = {"star": sorted(bound), "origins": origins, "submodules": submodules}
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("cases")
    for case in CASES:
        for path, text in CASES[case].items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-B", "-c", _PROBE, str(folder), *CASES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("case", CASES)
def test_stars_and_definitions_are_the_interpreters(case: str, truth: dict[str, Any]) -> None:
    linked = link_files(CASES[case]).linked_modules
    seen = 0
    for linked_module in linked.values():
        expected = truth.get(linked_module.module or "")
        if expected is None:
            continue
        seen += 1
        exports = {export.name: export for export in linked_module.exports}
        star = {export.name for export in exports.values() if export.in_star}
        assert star - set(expected["submodules"]) == set(expected["star"]) - set(expected["submodules"]), (
            linked_module.module
        )
        for name, origin in expected["origins"].items():
            if name in exports and not name.startswith("__"):
                assert exports[name].origin == origin, (linked_module.module, name, exports[name])
            assert name in exports or name.startswith("__"), (linked_module.module, name)
    assert seen >= 1
