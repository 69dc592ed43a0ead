"""A module that the tree does not have counts as missing only where nothing could provide it."""

import subprocess
import sys
from pathlib import Path

from codeintel_enrich.commands.findings import Finding, findings
from tests.support.workspace import Workspace

PROVIDED = {
    ".gitignore": "/shop/_version.py\n*_pb2.py\n/shop/generated/\n*.so\n",
    "pyproject.toml": """\
[project]
name = "shop"
[tool.setuptools_scm]
version_file = "shop/_scm.py"
[tool.hatch.build.hooks.vcs]
version-file = "shop/_hatch.py"
[tool.maturin]
module-name = "shop._rust"
[tool.codeintel-enrich]
exclude = ["shop/vendored/"]
""",
    "setup.py": 'setup(ext_modules=[Extension("shop._speed", ["native/speed.cpp"])])\n',
    "native/meson.build": "py.extension_module('_meson', 'x.c', subdir: 'shop')\n",
    "meson.build": "py.extension_module('_built', 'x.c', subdir: 'shop')\n",
    "shop/_tracked.cpython-313-x86_64-linux-gnu.so": "",
    "shop/_windows.pyd": "",
    "shop/_cython.pyx": "",
    "shop/_plain.c": "",
    "protos/order.proto": "",
    "shop/vendored/lib.py": "x = 1\n",
    "shop/lazy.py": "def __getattr__(name): ...\n",
    "shop/moving/__init__.py": "__path__.append(__file__)\n",
    "shop/__init__.py": "from . import _version\n__version__ = _version.version\n",
    "shop/use.py": """\
from shop import _scm, _hatch, _rust, _speed, _built, _tracked, _windows, _cython, _plain
from shop._version import version
import shop.generated.models as models
from shop.generated import tables
from shop import order_pb2, order_pb2_grpc
from shop.vendored import lib
from shop.vendored.lib import x
from shop.lazy import anything
from shop.moving import elsewhere
import shop.moving.elsewhere
import space.other
from space import another
""",
    "space/here.py": "",
}
KINDS = ("broken-export", "import-cycle")


def found(project: Workspace, *kinds: str) -> list[str]:
    store = project.root / "cache" / "codeintel.duckdb"
    return [f"{each.path}:{each.line}: {each.message}" for each in _findings(store, kinds or KINDS)]


def _findings(store: Path, kinds: tuple[str, ...]) -> list[Finding]:
    return findings(store, kinds)  # type: ignore[arg-type]


def warnings(project: Workspace) -> list[str]:
    rows = project.query("SELECT message FROM diagnostics WHERE severity = 'warning' ORDER BY line, message")
    return [message for (message,) in rows]


def test_what_is_generated_compiled_ignored_or_elsewhere_is_unknown_with_a_reason(tmp_path: Path) -> None:
    project = Workspace(tmp_path, PROVIDED)
    project.build()
    assert found(project) == []
    assert warnings(project) == []
    reasons = dict(
        project.query("""
            SELECT name, any_value(reason) FROM refs
            WHERE path IN ('shop/use.py', 'shop/__init__.py') AND target_kind = 'unknown' GROUP BY name
        """)
    )
    told = {
        "_version": "`shop/_version.py` would be left out",
        "version": "`shop/_version.py` would be left out",
        "_scm": "`pyproject.toml` names it",
        "_hatch": "`pyproject.toml` names it",
        "_rust": "`pyproject.toml` names it",
        "_speed": "`setup.py` names it",
        "_built": "`meson.build` names it",
        "_tracked": "`shop/_tracked.cpython-313-x86_64-linux-gnu.so` is compiled",
        "_windows": "`shop/_windows.pyd` is compiled",
        "_cython": "`shop/_cython.pyx` is compiled",
        "_plain": "`shop/_plain.c` is compiled",
        "tables": "`shop/generated.py` would be left out",
        "order_pb2_grpc": "`protos/order.proto` is what it is written from",
        "lib": "`shop/vendored.py` would be left out",
        "anything": "`shop.lazy.__getattr__` decides",
        "another": "other distributions may extend the namespace package `space`",
    }
    assert {name: reasons[name].rpartition(": ")[2] for name in told} == told


def test_what_nothing_could_provide_is_missing_and_what_provides_it_may_come_and_go(tmp_path: Path) -> None:
    files = {
        ".gitignore": "cache/\n",
        "shop/__init__.py": "from . import _version\n",
        "shop/use.py": "from shop import _version\nfrom shop.made import name\nimport shop.thing_pb2\n",
        "other.py": "",
    }
    project = Workspace.built(tmp_path, files)
    missing = [
        "shop/__init__.py:1: `shop` has no `_version`",
        "shop/use.py:1: `shop` has no `_version`",
    ]
    assert found(project) == missing
    assert warnings(project)[-2:] == ["no module `shop.made`", "no module `shop.thing_pb2`"]
    project.write(".gitignore", "cache/\n_version.py\n")
    project.write("shop/thing.proto", "")
    project.write("shop/made.pyx", "")
    # Nothing is parsed again: no Python file has changed.
    ran = project.ran()
    assert not [name for name in ran if name.startswith("parse")]
    assert {name for name in ran if name.startswith("emit")} == {"emit:shop/__init__.py", "emit:shop/use.py"}
    assert found(project) == []
    assert warnings(project) == []
    project.assert_equals_clean()
    assert project.ran() == set()
    project.write(".gitignore", "cache/\n")
    project.delete("shop/thing.proto")
    project.delete("shop/made.pyx")
    project.build()
    assert found(project) == missing
    project.assert_equals_clean()


def test_modules_load_each_other_only_where_importing_them_does(tmp_path: Path) -> None:
    project = Workspace(
        tmp_path,
        {
            "a.py": "import sys\nif __name__ == '__main__':\n    import b\nelse:\n    import c\n",
            "b.py": "from a import f\nimport sys\nif sys.version_info < (3, 0):\n    import a\n",
            "c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\ndef f():\n    import a\n",
            "f.py": "import g\n",
            "g.py": "import f\n",
        },
    )
    project.build()
    assert found(project, "import-cycle") == ["f.py:1: these modules load each other: f.py, g.py"]
    kinds = project.query("SELECT path, target_module, kind FROM imports WHERE path < 'd' ORDER BY path, start_line")
    assert [row for row in kinds if row[1] in "abc"] == [
        ("a.py", "b", "main"),
        ("a.py", "c", "runtime"),
        ("b.py", "a", "runtime"),
        ("b.py", "a", "never"),
        ("c.py", "a", "typing"),
        ("c.py", "a", "local"),
    ]


HOLDING_THEMSELVES = {
    "by_module": "import sys\nthis = sys.modules[__name__]\nfor n in 'XY':\n    setattr(this, n, 1)\n",
    "by_attribute": "import sys\nsys.modules[__name__].X = 1\n",
    "by_import": "setattr(__import__('sys').modules[__name__], 'X', 1)\n",
    "by_its_dict": "import sys\nvars(sys.modules[__name__]).update({n: 1 for n in 'XY'})\n",
    "by_finding": "import sys\nfor n in 'XY':\n    setattr(sys.modules.get(__name__), n, 1)\n",
    "by_class": "import sys, types\nclass M(types.ModuleType):\n    X = 1\nsys.modules[__name__].__class__ = M\n",
    "by_merging": "g = globals()\ng |= {n: 1 for n in 'XY'}\n",
    "by_default": "for n in 'XY':\n    globals().setdefault(n, 1)\n",
    "by_frame": "import sys\nsys._getframe().f_globals.update({n: 1 for n in 'XY'})\n",
    "by_function": "def f(): pass\nf.__globals__['X'] = 1\n",
    "by_decorator": "def d(f):\n    globals()[f.__name__.upper()] = f\n@d\ndef x(): pass\n",
    "by_owner": "import sys\ndef d(f):\n    setattr(sys.modules[f.__module__], 'X', f)\n@d\ndef x(): pass\n",
    "by_enum": "import enum\n@enum.global_enum\nclass C(enum.IntEnum):\n    X = 1\n",
    "by_name": "from helper import install\ninstall(__name__)\n",
    "by_made_getattr": "from helper import made\n__getattr__ = made()\n",
    "by_imported_getattr": "from helper import found as __getattr__\n",
    "by_starred_getattr": "from starred import *\n",
}
HELPERS = {
    "helper.py": "import sys\ndef install(name):\n    sys.modules[name].X = 1\n"
    "def found(name):\n    if name != 'X':\n        raise AttributeError(name)\n    return 1\n"
    "def made():\n    return found\n",
    "starred.py": "from helper import found as __getattr__\n__all__ = ['__getattr__']\n",
    "plain.py": "import logging, sys\nlogging.getLogger(__name__).debug(getattr(sys.modules[__name__], '__doc__'))\n",
    "missing.py": "from plain import X\n",
}


def test_what_a_module_may_bind_by_a_hold_of_itself_is_not_missing(tmp_path: Path) -> None:
    uses = "".join(f"from {name} import X\n" for name in HOLDING_THEMSELVES)
    modules = {f"{name}.py": text for name, text in HOLDING_THEMSELVES.items()}
    project = Workspace(tmp_path, {**modules, **HELPERS, "use.py": uses})
    # The interpreter finds each of them.
    subprocess.run([sys.executable, "-c", "import use"], cwd=project.root, check=True)
    project.build()
    assert found(project) == ["missing.py:1: `plain` has no `X`"]
    project.append("plain.py", "sys.modules[__name__].X = 1\n")
    project.build()
    assert found(project) == []
    project.assert_equals_clean()
