"""A run from a state gives what a clean run gives, and redoes no more than it must."""

import importlib.util
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.stages.link import LinkResult, LinkState
from codeintel_enrich.stages.link.state import Dependents
from tests.unit.stages.link.support import link_files

_ENCODE = msgspec.msgpack.Encoder(order="deterministic").encode
_NAMES = ["x", "y", "z", "C", "f"]
_MODULES = ["p", "p.a", "p.b", "p.c", "p.q", "p.q.a", "p.q.b", "t", "u", "p.a.z"]


def statement(chance: random.Random) -> str:
    """One line or more of a random module."""
    name, other, module = chance.choice(_NAMES), chance.choice(_NAMES), chance.choice([*_MODULES, "ext", "p.missing"])
    sub = chance.choice(["a", "b", "c", "q"])
    return chance.choice(
        [
            f"{name} = 1",
            f"def {name}(): pass",
            f"class {name}:\n    def {other}(self): pass",
            f"class {name}({other}):\n    k = 1",
            f"class C({sub}.C):\n    def m(self): return super().{other}, self.{name}",
            f"from {module} import {name}",
            f"from {module} import {name} as {other}",
            f"from {module} import *",
            f"from .{sub} import *",
            f"import {module}",
            f"import {module} as {name}",
            f"from . import {sub}",
            f"from .{sub} import {name}, C",
            f"from .. import {sub}",
            f"{name} = {other}",
            f"{name} = {sub}.{other}",
            f"use = p.{sub}.{other}, {name}.{other}, C.{other}, {name}.k",
            f"del {name}",
            f"try:\n    from {module} import {name}\nexcept ImportError:\n    {name} = None",
            f"if cond:\n    from {module} import {name}\nelse:\n    {name} = {other}",
            f"if __name__ == '__main__':\n    import {module}\n    from {module} import {name}",
            f"__all__ = ['{name}', '{other}']",
            f"from . import {sub}\n__all__ = {sub}.__all__ + ['{name}']",
            "__all__ = [n for n in dir() if not n.startswith('x')]",
            "def deco(f):\n    __all__.append(f.__name__)\n    return f",
            f"from {module} import deco\n@deco\ndef {name}(): pass",
            "import sys\nPY = sys.version_info > (3,)",
            f"from {module} import PY\nif PY:\n    {name} = 1\nelse:\n    def {other}(): pass",
            f"def __getattr__(n):\n    if n == '{name}':\n        from .{sub} import {other}\n        return {other}",
            f"def g():\n    from {module} import {name}\n    return {name}.{other}",
        ]
    )


def sources(chance: random.Random) -> list[str]:
    return [statement(chance) for _ in range(chance.randint(0, 5))]


def place(chance: random.Random) -> str:
    folder = chance.choice(_MODULES).replace(".", "/")
    return chance.choice([f"{folder}.py", f"{folder}/__init__.py", f"{folder}.py", f"{folder}.pyi"])


def edited(files: dict[str, list[str]], chance: random.Random) -> dict[str, list[str]]:
    """The tree after one random edit: of a statement, a file, a name."""
    after = dict(files)
    kind = chance.random()
    if not files or kind < 0.15:
        after[place(chance)] = sources(chance)
        return after
    path = chance.choice(sorted(files))
    if kind < 0.7:
        lines = list(after[path])
        if lines and chance.random() < 0.7:
            lines[chance.randrange(len(lines))] = statement(chance)
        else:
            lines.insert(chance.randint(0, len(lines)), statement(chance))
        after[path] = lines
    elif kind < 0.85:
        del after[path]
    else:
        after[place(chance)] = after.pop(path)
    return after


def texts(files: dict[str, list[str]]) -> dict[str, str]:
    return {path: "\n".join(lines) + "\n" for path, lines in files.items()}


def first_difference(seed: int, steps: int = 10) -> str | None:
    """Walk through random edits; the paths that differ from a clean run at the first step where any do."""
    chance = random.Random(seed)
    files = {place(chance): sources(chance) for _ in range(8)}
    state: LinkState | None = None
    linked_modules: dict[str, LinkedModule] = {}
    for step in range(steps):
        result = link_files(texts(files), state)
        linked_modules.update(result.linked_modules)
        for path in result.removed:
            linked_modules.pop(path, None)
        clean = link_files(texts(files)).linked_modules
        differing = [
            path
            for path in sorted({*linked_modules, *clean})
            if path not in linked_modules or path not in clean or _ENCODE(linked_modules[path]) != _ENCODE(clean[path])
        ]
        if differing:
            return f"seed {seed}, step {step}: {differing}"
        state = LinkState.decode(result.state.encode())
        assert state is not None
        for _ in range(chance.choice([1, 1, 2])):
            files = edited(files, chance)
    return None


@pytest.mark.parametrize("block", range(8))
def test_incremental_is_clean_over_random_edits(block: int) -> None:
    assert [found for seed in range(block * 12, block * 12 + 12) if (found := first_difference(seed))] == []


@pytest.mark.parametrize(
    "is_dropped",
    [
        pytest.param(lambda provider, item: item == "*", id="stars"),
        pytest.param(lambda provider, item: item == "*all", id="__all__"),
        pytest.param(lambda provider, item: provider.startswith("?") and item == "", id="module table"),
        pytest.param(lambda provider, item: item in _NAMES, id="names"),
        pytest.param(lambda provider, item: item.startswith("="), id="written bindings"),
    ],
)
def test_dropping_one_kind_of_dependency_shows(
    is_dropped: Callable[[str, str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above can fail: it does when a change forgets its dependents."""
    true_dependents = Dependents.of

    def forgetful(self: Dependents[Any], provider: str, item: str) -> Iterator[Any]:
        return iter(()) if is_dropped(provider, item) else true_dependents(self, provider, item)

    monkeypatch.setattr(Dependents, "of", forgetful)
    assert any(first_difference(seed) for seed in range(200))


class Edits:
    """A tree that is linked again after each edit."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = dict(files)
        self.state: LinkState | None = None
        self.result: LinkResult
        self.relink()

    def relink(self) -> None:
        self.result = link_files(self.files, self.state)
        self.state = LinkState.decode(self.result.state.encode())

    def edit(self, changes: dict[str, str | None]) -> tuple[set[str], set[str]]:
        """Change files (None deletes one); what was made again, and what then differed."""
        for path, text in changes.items():
            if text is None:
                del self.files[path]
            else:
                self.files[path] = text
        self.relink()
        return set(self.result.recomputed), set(self.result.linked_modules)


@pytest.fixture
def tree() -> Edits:
    return Edits(
        {
            "p/a.py": "class A:\n    def m(self): pass\ndef f(): pass\n",
            "p/hop.py": "from .a import A, f\n",
            "p/user_a.py": "from .hop import A\nA.m\n",
            "p/user_f.py": "from .hop import f\n",
            "p/star.py": "from .a import *\n",
            "p/alone.py": "import os\n",
        }
    )


def test_second_run_redoes_nothing(tree: Edits) -> None:
    assert tree.edit({}) == (set(), set())


def test_new_name_nobody_uses_redoes_its_file_and_stars_only(tree: Edits) -> None:
    files = {"p/a.py", "p/star.py"}
    assert tree.edit({"p/a.py": tree.files["p/a.py"] + "def g(): pass\n"}) == (files, files)


def test_changed_name_redoes_its_users_through_reexports(tree: Edits) -> None:
    made, differing = tree.edit({"p/a.py": "class A:\n    def m(self): pass\nclass f: pass\n"})
    assert made == {"p/a.py", "p/hop.py", "p/user_f.py", "p/star.py"}
    assert differing == {"p/hop.py", "p/user_f.py"}


def test_removed_member_redoes_who_asked_for_it(tree: Edits) -> None:
    made, differing = tree.edit({"p/a.py": "class A: pass\ndef f(): pass\n"})
    assert made == {"p/a.py", "p/user_a.py"}
    assert differing == {"p/user_a.py"}


def test_base_class_that_moves_redoes_who_inherits() -> None:
    tree = Edits(
        {
            "b1.py": "class B:\n    def m(self): pass\n",
            "b2.py": "class B: pass\n",
            "c.py": "from b1 import B\nclass C(B): pass\n",
            "user.py": "from c import C\nC.m\n",
            "other.py": "from c import C\n",
        }
    )
    made, differing = tree.edit({"c.py": "from b2 import B\nclass C(B): pass\n"})
    assert made == {"c.py", "user.py"}
    assert differing == {"c.py", "user.py"}
    assert tree.result.linked_modules["user.py"].resolved["C.m"].reason == "`c.C` has no `m`"


def test_failed_import_is_satisfied_later() -> None:
    tree = Edits({"p/__init__.py": "", "p/user.py": "from .late import f\nfrom p import other\n", "p/x.py": "y = 1\n"})
    assert tree.edit({"p/late.py": "def f(): pass\n"})[1] == {"p/__init__.py", "p/late.py", "p/user.py"}
    assert tree.edit({"p/other.py": ""})[1] == {"p/__init__.py", "p/other.py", "p/user.py"}


def test_failed_import_is_satisfied_through_a_star() -> None:
    tree = Edits({"a.py": "", "b.py": "from a import *\n", "user.py": "from b import f\n"})
    assert tree.edit({"a.py": "def f(): pass\n"})[1] == {"a.py", "b.py", "user.py"}


def test_module_that_becomes_a_package_redoes_its_users() -> None:
    tree = Edits({"foo.py": "def f(): pass\n", "user.py": "from foo import f\n", "other.py": "import os\n"})
    assert tree.edit({"foo/__init__.py": "def f(): pass\n"})[1] == {"foo.py", "foo/__init__.py", "user.py"}
    assert tree.edit({"foo/__init__.py": None})[1] == {"foo.py", "user.py"}


def test_name_does_not_survive_in_a_cycle_of_stars_without_its_definition() -> None:
    tree = Edits(
        {"a.py": "from b import *\ndef f(): pass\n", "b.py": "from a import *\n", "user.py": "from b import f\n"}
    )
    assert tree.edit({"a.py": "from b import *\n"})[1] == {"a.py", "b.py", "user.py"}
    assert [export.name for export in tree.result.linked_modules["b.py"].exports] == []


def test_leaf_change_below_many_hops_arrives() -> None:
    hops = 400
    files = {f"m{i}.py": f"from m{i + 1} import x\n" for i in range(hops)}
    tree = Edits({**files, f"m{hops}.py": "x = 1\n"})
    made, _ = tree.edit({f"m{hops}.py": "def x(): pass\n"})
    assert len(made) == hops + 1
    (export,) = tree.result.linked_modules["m0.py"].exports
    assert (export.origin, len(export.chain)) == (f"m{hops}.x", hops)


def test_thousands_of_modules_in_a_chain_need_no_stack() -> None:
    hops = 3000
    files = {f"m{i}.py": f"from m{i + 1} import *\n" for i in range(hops)}
    result = link_files({**files, f"m{hops}.py": "x = 1\n"})
    assert result.linked_modules["m0.py"].exports[0].origin == f"m{hops}.x"


def test_damaged_state_is_no_state() -> None:
    data = link_files({"a.py": "x = 1\n"}).state.encode()
    assert LinkState.decode(data[: len(data) // 2]) is None
    assert LinkState.decode(b"") is None


def test_order_in_which_a_package_binds_its_names_reaches_its_submodules() -> None:
    tree = Edits(
        {
            "p/__init__.py": "from . import early\nfrom .f import f\n",
            "p/early.py": "from . import f\n",
            "p/f.py": "def f(): pass\n",
        }
    )
    assert tree.result.linked_modules["p/early.py"].exports[0].origin == "p.f"
    assert "p/early.py" in tree.edit({"p/__init__.py": "from .f import f\nfrom . import early\n"})[1]
    assert tree.result.linked_modules["p/early.py"].exports[0].origin == "p.f.f"


def test_submodule_appears_when_another_file_imports_it() -> None:
    tree = Edits({"p/__init__.py": "", "p/m.py": "x = 1\n", "user.py": "import p\np.m.x\n", "other.py": ""})
    files = {"other.py", "user.py"}
    assert tree.edit({"other.py": "import p.m\n"}) == (files, files)
    assert tree.edit({"other.py": "def f():\n    import p.m\n"})[1] == {"other.py"}
    assert "user.py" in tree.edit({"other.py": ""})[1]


def test_import_that_closes_a_path_between_two_others_reaches_a_package() -> None:
    """`p` loads `u`, and `u` comes to load `p.m`: then `p.m` is an attribute of `p` when `p` is imported."""
    tree = Edits({"p/__init__.py": "import u\n", "p/m.py": "", "u.py": "", "w.py": "import p.m\n"})
    assert "p/__init__.py" in tree.edit({"u.py": "import p.m\n"})[1]


@pytest.mark.slow
def test_real_package_relinks_to_what_a_clean_run_gives() -> None:
    spec = importlib.util.find_spec("requests")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    tree = Edits({f"requests/{path.name}": path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))})
    known = dict(tree.result.linked_modules)
    source = tree.files["requests/models.py"]
    made, _ = tree.edit({"requests/models.py": source.replace("class Response", "def Response(): pass\nclass _Gone")})
    assert "requests/models.py" in made
    assert "requests/certs.py" not in made
    for _ in range(2):
        known.update(tree.result.linked_modules)
        assert known == link_files(tree.files).linked_modules
        tree.edit({"requests/models.py": source})
