"""CPython's symtable is the oracle for which scope a name belongs to."""

import importlib.util
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.stages.parse.bind.binder import HANDLERS
from codeintel_enrich.stages.parse.bind.walk import Walk
from codeintel_enrich.stages.parse.text import decode
from codeintel_enrich.stages.parse.tree import build_tree

pytestmark = pytest.mark.slow

Owners = tuple[tuple[str, int | None], ...]
Shape = tuple[str, str, Owners, tuple["Shape", ...]]
"""A scope's kind and name, each name used in it with how many scopes outward it belongs (None: a global), and the
scopes inside, in an order that the contents decide."""

IMPLICIT = {"__class__", ".0"}


def shape_by_symtable(table: symtable.SymbolTable, around: tuple[symtable.SymbolTable, ...] = ()) -> Shape:
    owners: dict[str, int | None] = {}
    for symbol in table.get_symbols():
        passes_through = not (
            symbol.is_referenced()
            or symbol.is_assigned()
            or symbol.is_parameter()
            or symbol.is_imported()
            or symbol.is_annotated()
            or symbol.is_nonlocal()
            or symbol.is_declared_global()
        )
        if passes_through or symbol.get_name() in IMPLICIT:
            continue
        # A function of the name `top` says that its locals are globals, too.
        if around and symbol.is_local():
            owners[symbol.get_name()] = 0
        elif not around or symbol.is_global():
            owners[symbol.get_name()] = None
        else:
            assert symbol.is_free()
            owners[symbol.get_name()] = next(
                depth
                for depth, outer in enumerate(reversed(around), 1)
                if outer.get_type() == "function"
                and symbol.get_name() in outer.get_identifiers()
                and outer.lookup(symbol.get_name()).is_local()
            )
    inner = [shape_by_symtable(child, (*around, table)) for child in table.get_children()]
    name = {"lambda": "<lambda>", "genexpr": "<genexpr>"}.get(table.get_name(), table.get_name())
    name = f"<{name}>" if name in ("listcomp", "setcomp", "dictcomp") else name
    return (table.get_type(), name, tuple(sorted(owners.items())), tuple(sorted(inner, key=repr)))


def shape_by_us(source: bytes) -> Shape:
    tree = build_tree(decode(source), ParseConfig())
    walk = Walk(tree, HANDLERS)
    walk.each(tree.module.body)
    scopes = walk.table.scopes
    owners: list[dict[str, int | None]] = [
        dict.fromkeys(scope.names, 0 if index else None) for index, scope in enumerate(scopes)
    ]
    for index, mention in enumerate(walk.mentions):
        if mention.kind != "name" or index in walk.in_strings:
            continue
        owner = walk.table.owner(mention.scope, mention.key)
        depth, scope = 0, mention.scope
        while owner > 0 and scope != owner:
            depth, scope = depth + 1, scopes[scope].parent
        owners[mention.scope][mention.key] = depth if owner > 0 else None

    for names in owners:
        for name in IMPLICIT & names.keys():
            del names[name]

    def shape(index: int) -> Shape:
        inner = [shape(child) for child, scope in enumerate(scopes) if scope.parent == index]
        scope = scopes[index]
        kind = scope.kind if scope.kind in ("module", "class") else "function"
        name = scope.local_name.removesuffix(".<locals>").rpartition(".")[2] if index else "top"
        return (kind, name, tuple(sorted(owners[index].items())), tuple(sorted(inner, key=repr)))

    return shape(0)


def differences(expected: Shape, found: Shape, path: str = "") -> Iterator[str]:
    path = f"{path}/{expected[1]}"
    if expected[:3] != found[:3]:
        yield f"{path}: {expected[:2]} {found[:2]} {sorted(set(expected[2]) ^ set(found[2]), key=repr)}"
    if len(expected[3]) != len(found[3]):
        yield f"{path}: {len(expected[3])} scopes inside, found {len(found[3])}"
    elif expected[:3] == found[:3]:
        for left, right in zip(expected[3], found[3], strict=True):
            if left != right:
                yield from differences(left, right, path)


def sources(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return sorted(Path(spec.submodule_search_locations[0]).rglob("*.py"))


@pytest.mark.parametrize("package", ["requests", "flask", "rich", "networkx", "asyncio"])
def test_every_name_belongs_to_the_scope_that_cpython_says(package: str) -> None:
    found = []
    files = sources(package)
    # Every file of the small packages, a fixed sample of the large ones.
    for path in files[:: max(1, len(files) // 40)]:
        # Names in annotations that are not evaluated are in no table; the other feature changes nothing.
        source = path.read_bytes().replace(b"from __future__ import annotations", b"from __future__ import division")
        expected = shape_by_symtable(symtable.symtable(source.decode(), str(path), "exec"))
        found += [f"{path}{line}" for line in differences(expected, shape_by_us(source))]
    assert files
    assert found == []


SNIPPETS = {
    "walrus in a comprehension binds outside": "def f(x):\n    [(y := i) for i in x if (z := i)]\n    return y, z",
    "walrus binds what global says": "def f(x):\n    global y\n    [(y := i) for i in x]",
    "walrus in a lambda": "f = lambda x: (y := x) + [y for _ in x][0]",
    "first iterable outside": "class C:\n    xs = [1]\n    ys = [x for x in xs for z in zs if xs]",
    "nested comprehensions": "def f(a):\n    return {k: [v for v in k if a] for k in {b for b in a}}",
    "class scope does not nest": (
        "x = 1\ndef f():\n    x = 2\n    class C:\n        x = 3\n        def m(self): return x"
    ),
    "class reads the enclosing function": "def f(x):\n    class C:\n        y = x\n        def m(self): return x, y",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n        def h(): return x",
    "nonlocal skips a class": (
        "def f():\n    x = 1\n    class C:\n"
        "        x = 2\n        def m(self):\n            nonlocal x\n            x = 3"
    ),
    "global below a local of the same name": (
        "def f():\n    x = 1\n    def g():\n        global x\n        def h(): return x\n        x = 2"
    ),
    "global in a class": "class C:\n    global x\n    x = 1\n    def m(self): return x",
    "annotation without value makes a local": "def f():\n    x: int\n    def g(): return x",
    "annotated attribute": "def f(self):\n    self.x: int = 1\n    self.y[0]: T = 2",
    "del makes a local": "def f():\n    del x\n    return x",
    "except as": "def f():\n    try: pass\n    except E as e: pass\n    return e",
    "except star": "def f():\n    try: pass\n    except* E as e: pass\n    return e",
    "with and for targets": (
        "def f():\n    with a as (b, *c), d as e.f: pass\n    for g, [h] in i: pass\n    else: j = k"
    ),
    "match": (
        "def f(x):\n    match x:\n        case {'a': [p, *q], **r} | P(s, t=u) as v if v: pass\n"
        "        case A.B | None | -1: pass\n        case (_, *_): pass\n        case str() as w: pass"
    ),
    "import forms": (
        "def f():\n    import a.b\n    import c.d as e\n    from g import h, i as j\n    return a, e, h, j"
    ),
    "defaults and decorators outside": "def f(a):\n    @d(lambda q: a)\n    def g(b=a, *, c: T = a) -> R: return b",
    "lambda defaults": "def f(a):\n    return lambda a=a, *b, c=a, **d: (a, b, c, d)",
    "bases outside": "def f(a):\n    class C(a, metaclass=a.m, **k): a = 1",
    "mangled": "class __C:\n    __x = 1\n    def __m(self, __p): return __x, self.__y, __z__, __p\n    import __q",
    "mangled class of underscores": "class __:\n    __x = 1\n    def m(self): return __x",
    "mangled nested": "class A:\n    class B(__D):\n        __x = __y\n    __x = 2\n    f = lambda __z: __z",
    "augmented": "def f():\n    x += 1\n    y[i] += j\n    z.w += 1",
    "async": (
        "async def f(a):\n    async with a as b: pass\n    async for c in b: pass\n    return [d async for d in c]"
    ),
    "f-string": "def f(a):\n    return f'{a!r:>{w}} {(lambda x: x + b)(a)} {[c for c in a]}'",
    "starred": "def f():\n    *a, (b, [*c]) = d\n    print(*a, **b)",
    "yield and await": "async def f(a):\n    x = yield a\n    await (y := x)\n    raise E from y",
    "slices": "def f(a):\n    a[i:j:k, l] = b\n    del a[m], n",
    "names as one": "def f(ﬁ):\n    return fi",
    "class cell": "class C:\n    def m(self):\n        def g(): return __class__, x\n        return super().m()",
    "generator in class": "class C:\n    a = 1\n    b = list(a for _ in a)\n    def f(self, c=[a for a in a]): pass",
    "if expression": "def f(a): return [x for x in a] if [y for y in a] else [z for z in a]",
    "type names": "type = 1\nmatch = type\ncase = match\nprint(type, match, case)",
    "global at module level": "global x\nx = 1\ndef f(): return x",
}


@pytest.mark.parametrize("source", SNIPPETS.values(), ids=SNIPPETS)
def test_snippets_have_the_scopes_that_cpython_says(source: str) -> None:
    expected = shape_by_symtable(symtable.symtable(source, "snippet", "exec"))
    assert list(differences(expected, shape_by_us(source.encode()))) == []


def test_the_oracle_sees_a_wrong_scope() -> None:
    expected = shape_by_symtable(symtable.symtable("def f():\n    x = 1\n    return x", "snippet", "exec"))
    assert list(differences(expected, shape_by_us(b"def f():\n    global x\n    x = 1\n    return x")))
