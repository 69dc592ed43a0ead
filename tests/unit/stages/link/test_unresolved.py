"""What a dotted path means: through imports, re-exports, packages, classes and what lies outside the tree."""

import pytest

from codeintel_enrich.model.linked import LinkedModule, Target
from tests.unit.stages.link.support import link_files

PACKAGE = {
    "p/__init__.py": (
        "from .impl import Thing, make\nfrom . import impl as implementation\nAlias = implementation.Thing\n"
    ),
    "p/impl.py": (
        "class Base:\n    def greet(self): pass\n    def close(self): self.closed = True\n"
        "class Mixin:\n    def close(self): pass\n"
        "class Thing(Base, Mixin):\n    class Inner:\n        def deep(self): pass\n    size = 1\n"
        "def make(): pass\nVALUE = 1\n"
    ),
    "p/quiet.py": "def f(): pass\n",
}


def meaning(code: str, reference: str, **files: str) -> Target:
    """What a module `user`, beside the package, gets for a reference."""
    linked = link_files({**PACKAGE, **files, "user.py": code})
    return linked.linked_modules["user.py"].resolved[reference]


@pytest.mark.parametrize(
    ("code", "reference", "expected", "kind"),
    [
        ("from p import Thing\nThing\n", "Thing", "p.impl.Thing", "class"),
        ("import p\np.Thing\n", "p.Thing", "p.impl.Thing", "class"),
        ("import p.impl as i\ni.make\n", "i.make", "p.impl.make", "function"),
        ("from p.impl import VALUE\nVALUE\n", "VALUE", "p.impl.VALUE", "variable"),
        ("from p import *\nmake\n", "make", "p.impl.make", "function"),
        ("from p import implementation\nimplementation.Thing\n", "implementation.Thing", "p.impl.Thing", "class"),
        ("from p import Thing\nThing.Inner.deep\n", "Thing.Inner.deep", "p.impl.Thing.Inner.deep", "function"),
        ("from p import Thing\nThing.greet\n", "Thing.greet", "p.impl.Base.greet", "function"),
        ("from p import Thing\nThing.close\n", "Thing.close", "p.impl.Base.close", "function"),
        ("from p import Thing\nThing.closed\n", "Thing.closed", "p.impl.Base.closed", "variable"),
        ("from p import Alias\nAlias.greet\n", "Alias.greet", "p.impl.Base.greet", "function"),
        ("import numpy as np\nnp.array\n", "np.array", "numpy.array", "external"),
        ("from os import path as q\nq.join\n", "q.join", "os.path.join", "external"),
        ("from p import *\nlen\n", "len", "builtins.len", "external"),
        ("def f():\n    from p import Thing\n    Thing.size\n", "p:Thing.size", "p.impl.Thing.size", "variable"),
        ("def f():\n    import p.impl\n    p.impl.make\n", "p:impl.make", "p.impl.make", "function"),
    ],
)
def test_path_means_its_definition(code: str, reference: str, expected: str, kind: str) -> None:
    target = meaning(code, reference)
    assert (target.qualified_names, target.kind) == ((expected,), kind)


def test_an_alias_is_what_it_stands_for_and_a_name_of_its_own() -> None:
    target = meaning("from p import Alias\nAlias\n", "Alias")
    assert (target.qualified_names, target.kind) == (("p.impl.Thing", "p.Alias"), "class")


def test_definition_names_its_file() -> None:
    assert meaning("from p import Thing\n", "Thing").path == "p/impl.py"


def test_super_continues_after_the_class() -> None:
    code = "from p import Thing\nclass Mine(Thing):\n    def close(self): super().close(), super().greet()\n"
    assert meaning(code, "super(Mine).close").qualified_names == ("p.impl.Base.close",)
    assert meaning(code, "super(Mine).greet").qualified_names == ("p.impl.Base.greet",)


def test_method_resolution_order_is_c3() -> None:
    code = (
        "class O:\n    def m(self): pass\n    def n(self): pass\n"
        "class A(O): pass\nclass B(O):\n    def m(self): pass\nclass C(A, B): pass\n"
    )
    user = "from hierarchy import C\nC.m\nC.n\n"
    linked = link_files({"hierarchy.py": code, "user.py": user}).linked_modules["user.py"].resolved
    space: dict[str, type] = {}
    exec(code, space)
    for name in ("m", "n"):
        assert linked[f"C.{name}"].qualified_names == (f"hierarchy.{getattr(space['C'], name).__qualname__}",)


def test_member_of_an_external_base_is_a_path_of_that_base() -> None:
    target = meaning("class Mine(dict):\n    def f(self): return self.update\nMine.update\n", "Mine.update")
    assert (target.qualified_names, target.kind) == (("builtins.dict.update",), "external")


def test_branches_that_differ_give_several_names() -> None:
    code = "import os\nif os.x:\n    from p.impl import make as f\nelse:\n    from p.quiet import f\nf\n"
    assert set(meaning(code, "f").qualified_names) == {"p.impl.make", "p.quiet.f"}


@pytest.mark.parametrize(
    ("code", "reference", "reason"),
    [
        ("from p import *\nnowhere\n", "nowhere", "unbound name"),
        ("from p import nothing\nnothing\n", "nothing", "`p` has no `nothing`"),
        ("import p.missing as m\nm.x\n", "m.x", "`p` has no `missing`"),
        ("from p import Thing\nThing.nothing\n", "Thing.nothing", "`p.impl.Thing` has no `nothing`"),
        ("from p.impl import VALUE\nVALUE.real\n", "VALUE.real", "attribute of a variable"),
        ("import p\np.quiet\n", "p.quiet", "nothing imports `p.quiet`"),
    ],
)
def test_unknown_says_why(code: str, reference: str, reason: str) -> None:
    target = meaning(code, reference)
    assert (target.kind, target.qualified_names, target.reason) == ("unknown", (), reason)


def test_submodule_is_visible_once_any_module_imports_it() -> None:
    code = "import p\np.quiet.f\n"
    assert meaning(code, "p.quiet.f").kind == "unknown"
    target = meaning(code, "p.quiet.f", **{"elsewhere.py": "import p.quiet\n"})
    assert target.qualified_names == ("p.quiet.f",)


def test_names_in_branches_that_do_not_run_still_mean_something() -> None:
    code = "if __name__ == '__main__':\n    from p import Thing\n    Thing.size\n"
    assert meaning(code, "Thing.size").qualified_names == ("p.impl.Thing.size",)
    assert "Thing" not in {export.name for export in _linked_module(code).exports}


def test_new_file_shadows_the_standard_library() -> None:
    code = "import json\njson.loads\n"
    assert meaning(code, "json.loads").kind == "external"
    assert meaning(code, "json.loads", **{"json.py": "def loads(): pass\n"}).path == "json.py"


def test_stub_imports_see_stubs_and_modules_see_modules() -> None:
    files = {
        "p/__init__.py": "",
        "p/m.py": "def f(): pass\n",
        "p/m.pyi": "class OnlyInStub: ...\ndef f() -> None: ...\n",
        "p/user.py": "from .m import f\n",
        "p/user.pyi": "from .m import OnlyInStub\n",
    }
    linked = link_files(files).linked_modules
    assert linked["p/user.py"].resolved["f"].path == "p/m.py"
    assert linked["p/user.pyi"].resolved["OnlyInStub"].path == "p/m.pyi"


def test_stub_beside_its_module_describes_what_runs() -> None:
    files = {
        "p/__init__.py": "from .m import f\n",
        "p/__init__.pyi": "class Hint: ...\ndef f() -> None: ...\n",
        "p/m.py": "def f(): pass\n",
    }
    exports = {export.name: export for export in link_files(files).linked_modules["p/__init__.pyi"].exports}
    assert (exports["f"].origin, exports["f"].in_star) == ("p.m.f", True)
    assert (exports["Hint"].typing_only, exports["Hint"].in_star) == (True, False)


def test_shadowed_file_has_no_module_but_is_linked() -> None:
    linked = link_files(
        {"foo.py": "x = 1\n", "foo/__init__.py": "y = 1\n", "user.py": "from foo import y\n"}
    ).linked_modules
    assert linked["foo.py"].module is None
    assert linked["user.py"].resolved["y"].path == "foo/__init__.py"


def _linked_module(code: str) -> LinkedModule:
    return link_files({**PACKAGE, "user.py": code}).linked_modules["user.py"]


def test_only_what_a_module_asks_for_is_in_its_linked_module() -> None:
    before = link_files({**PACKAGE, "user.py": "from p import Thing\n"}).linked_modules["user.py"]
    more = {**PACKAGE, "p/__init__.py": PACKAGE["p/__init__.py"] + "def unused(): pass\n"}
    assert link_files({**more, "user.py": "from p import Thing\n"}).linked_modules["user.py"] == before


@pytest.mark.parametrize(
    ("code", "rule", "message"),
    [
        ("from p.gone import x\n", "unresolved-import", "no module `p.gone`"),
        ("from p import gone\n", "unresolved-import", "`p` has no `gone`"),
        ("from .. import x\n", "unresolved-import", "`..` leaves the top-level package"),
        ("__all__ = compute()\n", "dynamic-all", "`__all__` is not static: a call of `compute`"),
    ],
)
def test_what_is_wrong_is_a_diagnostic(code: str, rule: str, message: str) -> None:
    (found,) = _linked_module(code).findings
    assert (found.rule, found.message) == (rule, message)


def test_guarded_import_is_no_problem() -> None:
    assert _linked_module("try:\n    from p.gone import x\nexcept ImportError:\n    x = None\n").findings == ()


def test_value_cycle_is_a_diagnostic() -> None:
    linked = link_files({"a.py": "from b import x\n", "b.py": "from a import x\n"}).linked_modules
    for path in ("a.py", "b.py"):
        assert [found.rule for found in linked[path].findings] == ["import-cycle"]
        assert linked[path].exports[0].origin is None


def test_name_that_is_assigned_from_itself_over_and_over_ends() -> None:
    steps = "".join(f"m = m.a{i}\n" for i in range(60))
    linked = link_files({"user.py": f"import outside as m\n{steps}__all__ = m.__all__\n"})
    assert linked.linked_modules["user.py"].all_dynamic == "`m.__all__` is not known"
