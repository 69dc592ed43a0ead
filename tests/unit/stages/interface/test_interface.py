"""An interface says what other modules can see, and nothing else."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.interface import AllOperation, Bind, ImportBind, Interface, Opaque
from tests.unit.stages.interface.support import interface_of

_ENCODE = msgspec.msgpack.Encoder(order="deterministic").encode


def sources(package: str) -> Iterator[tuple[Path, str]]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    for folder in spec.submodule_search_locations or ():
        for path in sorted(Path(folder).rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")


def commented(text: str) -> str:
    """The same program, every line moved."""
    return "# a comment above\n\n\n" + text + "\n\n# a comment below\n"


def test_comment_and_line_shift_leave_interfaces_of_real_files_as_they_are() -> None:
    files = list(sources("requests"))
    assert len(files) > 10
    for path, text in files:
        assert _ENCODE(interface_of(commented(text))) == _ENCODE(interface_of(text)), path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    return 1\n", "def f():\n    x = [i for i in range(9)]\n    return x\n"),
        ('"""One."""\ndef f():\n    """Two."""\n', '"""Three."""\ndef f():\n    """Four."""\n'),
        ("class C:\n    def m(self): return 1\n", "class C:\n\n    # why\n    def m(self, more=2): return more\n"),
        ("x = 1\n", "x = 2\n"),
        ("def f(): pass\n", "async def f(a: int) -> str: ...\n"),
    ],
)
def test_what_others_cannot_see_is_no_part(before: str, after: str) -> None:
    assert _ENCODE(interface_of(before)) == _ENCODE(interface_of(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "y = 1\n"),
        ("x = 1\n", "def x(): pass\n"),
        ("from a import x\n", "from b import x\n"),
        ("from a import x\n", "from .a import x\n"),
        ("import a.b\n", "import a.c\n"),
        ("__all__ = ['x']\n", "__all__ = ['y']\n"),
        ("class C:\n    def m(self): pass\n", "class C:\n    def n(self): pass\n"),
        ("class C:\n    def m(self): self.a = 1\n", "class C:\n    def m(self): self.b = 1\n"),
        ("class C(A): pass\n", "class C(B): pass\n"),
        ("def f():\n    import a\n", "def f():\n    import b\n"),
        ("from a import *\nx = 1\n", "x = 1\nfrom a import *\n"),
    ],
)
def test_what_others_can_see_is_a_part(before: str, after: str) -> None:
    assert _ENCODE(interface_of(before)) != _ENCODE(interface_of(after))


def test_interface_survives_its_encoding() -> None:
    for _, text in sources("flask"):
        interface = interface_of(text)
        assert msgspec.msgpack.decode(_ENCODE(interface), type=Interface) == interface


@pytest.mark.slow
def test_interface_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from tests.unit.stages.interface.test_interface import sources, _ENCODE, interface_of\n"
        "import hashlib\n"
        "print(hashlib.sha256(b''.join(_ENCODE(interface_of(t)) for _, t in sources('requests'))).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("code", "version", "platform", "expected"),
    [
        ("import sys\nif sys.version_info >= (3, 12): x = 1\nelse: y = 1\n", (3, 11), "linux", ["y"]),
        ("import sys\nif sys.version_info >= (3, 12): x = 1\nelse: y = 1\n", (3, 12), "linux", ["x"]),
        ("import sys\nif sys.platform == 'win32': x = 1\nelse: y = 1\n", (3, 11), "win32", ["x"]),
        ("import os\nif os.name == 'nt': x = 1\nelse: y = 1\n", (3, 11), "win32", ["x"]),
        ("from sys import version_info as v\nif v < (3, 0): x = 1\nelse: y = 1\n", (3, 11), "linux", ["y"]),
        ("import sys\nPY2 = sys.version_info[0] == 2\nif PY2: x = 1\nelse: y = 1\n", (3, 11), "linux", ["PY2", "y"]),
        ("import platform\nif platform.system() == 'Darwin': x = 1\n", (3, 11), "darwin", ["x"]),
    ],
)
def test_branches_are_judged_for_the_configured_python(
    code: str, version: tuple[int, int], platform: str, expected: list[str]
) -> None:
    interface = interface_of(code, ParseConfig(python_version=version, platform=platform))
    assert [operation.name for operation in interface.operations if isinstance(operation, Bind)] == expected


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("__all__ = compute()\n", "a call of `compute`"),
        ("__all__ = [n for n in dir(other) if n]\n", "a call of `dir`"),
        ("__all__ = names\n", "the value of `names`"),
        ("__all__ = []\n__all__.pop()\n", "a call of `__all__.pop`"),
        ("__all__ = ['a', b]\n", "an expression (Name)"),
        ("__all__ = []\ndef f(n):\n    __all__.append(n)\nf('x')\n", "a call of `f`"),
        ("__all__ = []\ndef f(n):\n    __all__.append(n)\n", "`f` changes it when called"),
    ],
)
def test_all_that_is_not_static_says_so(code: str, reason: str) -> None:
    dynamic = [found for found in interface_of(code).operations if isinstance(found, AllOperation) and found.reason]
    assert [found.reason for found in dynamic] == [reason]


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("globals().update(read())\n", ["a call of `globals().update`"]),
        ("globals().update(a=1)\n", []),
        ("globals()[read()] = 1\n", ["a computed name"]),
        ("import sys\nsetattr(sys.modules[__name__], read(), 1)\n", ["a computed name"]),
        ("import sys\nsys.modules[__name__] = Lazy()\n", ["another object in place of the module"]),
        ("exec(text)\n", ["a call of `exec`"]),
        ("exec(text, {})\n", []),
        ("exec(text, globals())\n", ["a call of `exec` with the namespace"]),
        ("def f():\n    globals()['a'] = 1\n", []),
        ("def f():\n    globals()['a'] = 1\nf()\n", ["a call of `f`"]),
        ("def f():\n    vars()['a'] = 1\nf()\n", []),
        ("print(globals())\n", []),
        ("x = len(globals())\n", []),
    ],
)
def test_names_that_nobody_sees_are_said(code: str, reasons: list[str]) -> None:
    interface = interface_of(code)
    assert [found.reason for found in interface.operations if isinstance(found, Opaque)] == reasons
    assert interface.dynamic_getattr is bool(reasons)


def test_typing_only_names_are_marked() -> None:
    code = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import A\nelse:\n    from b import B\n"
    found = {item.name: item.typing_only for item in interface_of(code).operations if isinstance(item, ImportBind)}
    assert found == {"TYPE_CHECKING": False, "A": True, "B": False}


def test_imports_of_every_scope_are_listed_with_their_context() -> None:
    code = (
        "import a.b\nfrom . import c\n"
        "def f():\n    from ..d import e, g\n"
        "class C:\n    def m(self):\n        def inner():\n            import h\n"
        "if __name__ == '__main__':\n    import i\n"
        "try:\n    import j\nexcept ImportError:\n    pass\n"
    )
    found = [(item.level, item.module, item.phase, item.names, item.guarded) for item in interface_of(code).imports]
    assert found == [
        (0, "a.b", "runtime", (), False),
        (0, "h", "local", (), False),
        (0, "i", "main", (), False),
        (0, "j", "runtime", (), True),
        (1, None, "runtime", ("c",), False),
        (2, "d", "local", ("e", "g"), False),
    ]


def test_lazy_loader_table_is_read() -> None:
    code = (
        "import lazy_loader as lazy\n"
        "__getattr__, __dir__, __all__ = lazy.attach(__name__, submodules=['sub'], submod_attrs={'impl': ['A', 'f']})\n"
    )
    interface = interface_of(code)
    assert interface.lazy_names == {"A": ".impl:A", "f": ".impl:f", "sub": ".sub:"}
    assert not interface.dynamic_getattr


def test_getattr_without_a_table_is_dynamic() -> None:
    assert interface_of("def __getattr__(name):\n    return compute(name)\n").dynamic_getattr
