"""What the running interpreter says the modules of an installed package export."""

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

# Runs in a process of its own: it imports every module of the package, with whatever that does.
_SCRIPT = r'''
import ast, contextlib, importlib, io, json, pkgutil, sys, types, warnings

package, output = sys.argv[1:]
warnings.simplefilter("ignore")
SKIPPED = ("tests", "test", "testing", "conftest", "__main__", "_pytesttester", "idlelib")

def load(name):
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return importlib.import_module(name)
    except BaseException:
        return None

def names_below(root):
    yield root.__name__
    for found in pkgutil.walk_packages(root.__path__, root.__name__ + ".", onerror=lambda name: None):
        if not any(part in SKIPPED or part.startswith("test_") for part in found.name.split(".")[1:]):
            yield found.name

def is_source(module):
    return (getattr(module, "__file__", None) or "").endswith(".py")

defined = {}
def defines(module, name):
    """Whether the source of a module has a class or function of that name at any depth."""
    if module.__file__ not in defined:
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        with open(module.__file__, "rb") as file:
            nodes = ast.walk(ast.parse(file.read()))
        defined[module.__file__] = {node.name for node in nodes if isinstance(node, kinds)}
    return name in defined[module.__file__]

def is_a(value, *kinds):
    """As `isinstance`, which would ask lazy objects what they are."""
    return issubclass(type(value), kinds)

def origin(value):
    """`module.name` of a class or function that is surely a top-level definition of that module."""
    if not is_a(value, type, types.FunctionType):
        return None
    home, name = sys.modules.get(value.__module__ or ""), value.__qualname__
    if home is None or "." in name or not is_source(home) or getattr(home, name, None) is not value:
        return None
    if is_a(value, types.FunctionType) and value.__code__.co_filename != home.__file__:
        return None
    return f"{home.__name__}.{name}" if defines(home, name) else None

modules = {}
for name in list(names_below(importlib.import_module(package))):
    found = load(name)
    if found is not None and is_source(found):
        modules[name] = found
result = {}
for name, module in modules.items():
    space = dict(vars(module))
    submodules = [k for k, v in space.items() if is_a(v, types.ModuleType) and v.__name__ == f"{name}.{k}"]
    has_all = "__all__" in space
    if has_all:
        star = sorted({str(each) for each in space["__all__"]})
    else:
        star = sorted(k for k in space if not k.startswith("_") and k not in submodules)
    origins = {k: origin(v) for k, v in space.items() if not k.startswith("__")}
    result[name] = {
        "has_all": has_all,
        "star": star,
        "submodules": sorted(submodules),
        "origins": {k: v for k, v in origins.items() if v},
    }
with open(output, "w") as file:
    json.dump(result, file)
'''


class ModuleTruth(msgspec.Struct):
    """One module as it is in the interpreter, after all modules of its package were imported."""

    has_all: bool
    star: set[str]
    """What `from module import *` binds; without `__all__` submodules are left out."""
    submodules: set[str]
    origins: dict[str, str]
    """Name -> `module.name` of the class or function it stands for, where that is certain."""


Truth = dict[str, ModuleTruth]


def truth_of(package: str) -> Truth:
    """Import every module of an installed package in another process, tests apart, and describe those with a source.

    Modules that cannot be imported here are left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "truth.json"
        subprocess.run(
            [sys.executable, "-c", _SCRIPT, package, str(output)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=300,
        )
        return msgspec.json.decode(output.read_bytes(), type=Truth)
