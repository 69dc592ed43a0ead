"""What single identifiers mean: `=local name`, `?reference on link`, None where nothing static can say."""

import pytest

from tests.unit.stages.bind.binder_support import Case

TABLE = [
    # module level
    ("x = 1\nx", "x", ["=x", "=x"]),
    ("def f(): pass\nf()", "f", ["=f", "=f"]),
    ("class C: pass\nC", "C", ["=C", "=C"]),
    ("len(x)", "len", ["=builtins.len"]),
    ("len(x)", "x", [None]),
    ("dict.fromkeys", "fromkeys", ["=builtins.dict.fromkeys"]),
    ("print(__name__)", "__name__", ["=__name__"]),
    ("None, True, False", "None", []),
    ("def f():\n    global x\n    x = 1\n    def g(): return x", "x", ["=x", "=x", "=x"]),
    # imports
    ("import a\na.b.c", "a", ["?a", "?a"]),
    ("import a\na.b.c", "b", ["?a.b"]),
    ("import a\na.b.c", "c", ["?a.b.c"]),
    ("import a.b\na.b.c", "a", ["?a:", "?a"]),
    ("import a.b\na.b.c", "b", ["?a.b:", "?a.b"]),
    ("import a.b as c\nc.d", "b", ["?a.b:"]),
    ("import a.b as c\nc.d", "c", ["?c", "?c"]),
    ("from a.b import c\nc.d", "b", ["?a.b:"]),
    ("from a.b import c\nc.d", "c", ["?c", "?c"]),
    ("from ..a import c as d\nd.e", "a", ["?..a:"]),
    ("from ..a import c as d\nd.e", "c", ["?..a:c"]),
    ("from ..a import c as d\nd.e", "e", ["?d.e"]),
    ("from . import c", "c", ["?c"]),
    ("try:\n    from a import x\nexcept ImportError:\n    from b import x\nx", "x", ["?a:x", "?b:x", "?x"]),
    ("try:\n    from a import x\nexcept ImportError:\n    x = None\nx", "x", ["?a:x", "=x", "?x"]),
    ("try:\n    from a import f\nexcept ImportError:\n    def f(): pass\nf", "f", ["?a:f", "=f", "?f"]),
    ("def f():\n    import a.b\n    return a.b.c", "a", ["?a:", "?a:"]),
    ("def f():\n    import a.b\n    return a.b.c", "c", ["?a:b.c"]),
    ("def f():\n    import a.b as c\n    return c.d", "d", ["?a:b.d"]),
    ("def f():\n    from .a import b\n    return b.c", "b", ["?.a:b", "?.a:b"]),
    ("def f():\n    from .a import b\n    return b.c", "c", ["?.a:b.c"]),
    ("def f():\n    from . import a\n    return a.c", "c", ["?.:a.c"]),
    ("class C:\n    from a import b\n    b.c\nC.b", "b", ["?a:b", "?a:b", "?a:b"]),
    # stars
    ("from a import *\nx.y", "x", ["?x"]),
    ("from a import *\nx.y", "y", ["?x.y"]),
    ("from a import *\nlen", "len", ["?len"]),
    ("from a import *\ndef f(): pass\nf", "f", ["=f", "=f"]),
    ("def f(): pass\nfrom a import *\nf", "f", ["=f", "?f"]),
    ("from a import x\nfrom b import *\nx", "x", ["?a:x", "?x"]),
    # functions and scopes
    ("def f(a): return a", "a", ["=f.<locals>.a", "=f.<locals>.a"]),
    ("def f():\n    def g(): pass\n    return g", "g", ["=f.<locals>.g", "=f.<locals>.g"]),
    ("def f(a): return a.b.c", "b", [None]),
    ("def f():\n    class C:\n        x = 1\n    return C.x", "x", ["=f.<locals>.C.x", "=f.<locals>.C.x"]),
    ("f = lambda a: a", "a", ["=<lambda>.<locals>.a"] * 2),
    ("[i for i in x]", "i", ["=<listcomp>.<locals>.i"] * 2),
    ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2", "x", ["=f.<locals>.x"] * 3),
    ("x: int\nx", "x", ["=x", "=x"]),
    ("def f[T](a: T) -> T: return a", "T", ["=f.<type-params>.T"] * 3),
    ("class C[T](B[T]):\n    x: T\n    def m(self) -> T: ...", "T", ["=C.<type-params>.T"] * 4),
    ("class C:\n    X = int\n    def m[T: X](self): ...", "X", ["=C.X", "=C.X"]),
    ("type A[T] = list[T]\nA", "T", ["=A.<type-params>.T"] * 2),
    ("type A[T] = list[T]\nA", "A", ["=A", "=A"]),
    ("class C:\n    def m(self): return __class__", "__class__", ["=C"]),
    # bodies that read a name before they bind it
    ("class C:\n    len = len", "len", ["=C.len", "=builtins.len"]),
    ("x = 1\nclass C:\n    x = x\n    y = x", "x", ["=x", "=C.x", "=x", "=C.x"]),
    (
        "class C:\n    def list(self) -> list: ...\n    def m(self) -> list: ...",
        "list",
        ["=C.list", "=builtins.list", "=C.list"],
    ),
    ("print = wrap(print)\nprint", "print", ["=print", "=builtins.print", "=print"]),
    ("class A:\n    def m(self) -> B: ...\nclass B: pass", "B", ["=B", "=B"]),
    ("class C:\n    def m(self): return len\n    len = 1", "len", ["=builtins.len", "=C.len"]),
    # classes and instances
    ("class C:\n    x = 1\nC.x", "x", ["=C.x", "=C.x"]),
    ("class C:\n    class D:\n        x = 1\nC.D.x", "x", ["=C.D.x", "=C.D.x"]),
    ("class C(B): pass\nC.x.y", "x", ["?C.x"]),
    ("class C(B): pass\nC.x.y", "y", ["?C.x.y"]),
    ("class C: pass\nC.x", "x", [None]),
    ("class C: pass\nC.__doc__", "__doc__", ["=builtins.object.__doc__"]),
    ("class C:\n    def m(self): self.n()\n    def n(self): ...", "n", ["=C.n", "=C.n"]),
    ("class C:\n    def m(self): return self.x\n    def n(self): self.x = 1", "x", ["=C.x", "=C.x"]),
    ("class C(B):\n    def m(self): return self.x.y", "x", ["?C().x"]),
    ("class C(B):\n    def m(self): return self.x.y", "y", [None]),
    ("class C(B):\n    def m(self): return self.__x", "__x", ["?C()._C__x"]),
    ("class C(B):\n    @classmethod\n    def m(cls): return cls.__x", "__x", ["?C._C__x"]),
    ("class C:\n    __x = 1\nC._C__x", "_C__x", ["=C.__x"]),
    ("class C:\n    def m(self): self.__x = self._C__x", "_C__x", ["=C.__x"]),
    ("class C:\n    def m(self, __p): return __p", "__p", ["=C.m.<locals>.__p"] * 2),
    ("_C__x = 1\nclass C:\n    def m(self): return __x", "__x", ["=_C__x"]),
    ("class C:\n    def m(self):\n        global __x\n        __x = 1", "__x", ["=_C__x"] * 2),
    ("class C:\n    from m import __x", "__x", ["?m:_C__x"]),
    ("def f(__x): ...\nclass C:\n    f(__x=1)", "__x", ["=f.<locals>.__x"] * 2),
    ("class C(B):\n    __x = 1\n    def m(self): return self.__x", "__x", ["=C.__x", "=C.__x"]),
    ("class C(B):\n    @classmethod\n    def m(cls): return cls.x.y", "y", ["?C.x.y"]),
    ("class C(B):\n    @staticmethod\n    def m(a): return a.x", "x", [None]),
    ("class C(B):\n    def m(self):\n        self = other\n        return self.x", "x", [None]),
    ("class C(B):\n    def m(self): return [lambda: self.x for _ in y]", "x", ["?C().x"]),
    ("class C(B):\n    def m(self):\n        def g(self): return self.x", "x", [None]),
    ("class C(B):\n    def m(self): return self.__class__.x", "x", ["?C.x"]),
    ("class C(B):\n    def m(self): return super().m()", "m", ["=C.m", "?super(C).m"]),
    ("class C(B):\n    def m(self): return super(C, self).m()", "m", ["=C.m", "?super(C).m"]),
    ("class C(B):\n    class D(E):\n        def m(self): super().m()", "m", ["=C.D.m", "?super(C.D).m"]),
    ("def f():\n    class C(B):\n        def m(self): return super().m()", "m", ["=f.<locals>.C.m", None]),
    ("def super(): ...\nclass C(B):\n    def m(self): return super().n", "n", [None]),
    ("if a:\n    class C: x = 1\nelse:\n    class C: pass\nC.x", "x", ["=C.x", "?C.x"]),
    ("import a\nb = a.c\nb.d", "b", ["=b", "?b"]),
    ("import a\nb = a.c\nb.d", "d", ["?b.d"]),
    ("b = make()\nb.d", "d", [None]),
    ("from m import C\nmatch x:\n    case C(y=1): pass", "y", ["?C.y"]),
    # reads before and after a star
    ("def f(): ...\nf\nfrom n import *\nf", "f", ["=f", "=f", "?f"]),
    ("def f(): ...\ng = lambda: f\nfrom n import *", "f", ["=f", "?f"]),
    ("from n import *\ndef f(): ...\nf\nfrom o import *", "f", ["=f", "?f"]),
    ("def f(): ...\nx: 'f' = f\nfrom n import *", "f", ["=f", "?f", "=f"]),
    ("print\nfrom n import *\nprint", "print", ["?print", "?print"]),
    # keyword arguments
    ("def f(a): ...\nf(a=1)", "a", ["=f.<locals>.a", "=f.<locals>.a"]),
    ("class C:\n    def __init__(self, a): ...\nC(a=1)", "a", ["=C.__init__.<locals>.a"] * 2),
    ("class C:\n    def m(self, a): self.m(a=1)", "a", ["=C.m.<locals>.a"] * 2),
    ("def f(**k): ...\nf(a=1)", "a", [None]),
    # written forms
    ("ﬁ = 1\nfi", "fi", ["=fi", "=fi"]),
]


@pytest.mark.parametrize(("source", "name", "meanings"), TABLE)
def test_an_identifier_means(source: str, name: str, meanings: list[str | None]) -> None:
    assert Case(source).meanings(name) == meanings


def test_every_identifier_is_one_reference_at_its_place() -> None:
    found = Case("""\
        from .ä import b as c
        @c.d
        class E(c.F, metaclass=G):
            async def h(self, ö: int = c, *a, k=1, **w) -> "str":
                self.x, (y, *z) = ö
                del w
                global n
                return f"{ö!r:{k}}", h(k=y)
        """)
    lines = found.source.splitlines()
    source = found.source.encode()
    places = []
    for reference in found.bound.references:
        assert lines[reference.line - 1][reference.col : reference.end_col] == reference.name
        assert source[reference.start_byte : reference.end_byte].decode() == reference.name
        places.append((reference.name, reference.role, reference.kind))
    assert places == [
        ("ä", "import", "import"),
        ("b", "import", "import"),
        ("c", "import", "import"),
        ("c", "read", "name"),
        ("d", "read", "attribute"),
        ("E", "definition", "name"),
        ("c", "read", "name"),
        ("F", "read", "attribute"),
        ("metaclass", "read", "keyword"),
        ("G", "read", "name"),
        ("h", "definition", "name"),
        ("self", "definition", "name"),
        ("ö", "definition", "name"),
        ("int", "read", "name"),
        ("c", "read", "name"),
        ("a", "definition", "name"),
        ("k", "definition", "name"),
        ("w", "definition", "name"),
        ("str", "read", "name"),
        ("self", "read", "name"),
        ("x", "write", "attribute"),
        ("y", "write", "name"),
        ("z", "write", "name"),
        ("ö", "read", "name"),
        ("w", "delete", "name"),
        ("n", "read", "name"),
        ("ö", "read", "name"),
        ("k", "read", "name"),
        ("h", "read", "name"),
        ("k", "read", "keyword"),
        ("y", "read", "name"),
    ]


def test_bases_point_at_the_object_of_an_attribute_the_called_name_and_the_component_before() -> None:
    references = Case("import a.b.c\na.b(k=1)\nf()(k=2).g").bound.references
    bases = [references[r.base].name if r.base >= 0 else None for r in references]
    names = [r.name for r in references]
    assert names == ["a", "b", "c", "a", "b", "k", "f", "k", "g"]
    assert bases == [None, "a", "b", None, "a", "b", None, None, None]


def test_a_reference_lies_in_the_definition_it_belongs_to() -> None:
    found = Case("@d\nclass C(B):\n    x = 1\n    @e\n    def m(self, a=b): return c\ny")
    enclosing = {reference.name: reference.node for reference in found.bound.references}
    assert enclosing["y"] == 0
    assert enclosing["d"] == enclosing["C"] == enclosing["B"] == enclosing["x"] != 0
    assert enclosing["e"] == enclosing["m"] == enclosing["a"] == enclosing["b"] == enclosing["c"]
    assert enclosing["c"] not in (0, enclosing["C"])


def test_typing_only_code_is_marked() -> None:
    found = Case("""\
        if TYPE_CHECKING:
            from a import x
            y = x
        elif z:
            import w
        def f():
            import v
        """)
    phases = {reference.name: reference.phase for reference in found.bound.references}
    assert (phases["x"], phases["y"], phases["z"], phases["w"]) == ("typing", "typing", "runtime", "runtime")
    bound = {binding.name: binding.phase for binding in found.bound.bindings}
    assert bound == {"x": "typing", "y": "typing", "w": "runtime", "f": "runtime", "v": "local"}


def test_bindings_say_what_binds_where() -> None:
    found = Case("""\
        from ..a import b as c
        import d.e
        type T = int
        def f(p):
            global g
            g = 1
            for i in p: i = p
            del i
            h: int
            def inner():
                nonlocal p
                p = 2
        """)
    scopes = found.bound.scopes
    rows = [(b.name, scopes[b.scope].local_name, b.kind) for b in found.bound.bindings]
    assert rows == [
        ("c", "", "import"),
        ("d", "", "import"),
        ("T", "", "type-alias"),
        ("f", "", "function"),
        ("p", "f.<locals>", "parameter"),
        ("g", "", "variable"),
        ("i", "f.<locals>", "variable"),
        ("i", "f.<locals>", "variable"),
        ("inner", "f.<locals>", "function"),
        ("p", "f.<locals>", "variable"),
    ]
    statements = {statement.node: statement for statement in found.imports}
    imported = [statements[b.node] for b in found.bound.bindings if b.kind == "import"]
    assert [(i.level, i.module, [name.name for name in i.names]) for i in imported] == [
        (2, "a", ["b"]),
        (0, None, ["d.e"]),
    ]


def test_unresolved_references_are_sorted_and_know_no_positions() -> None:
    source = "from a import *\nimport b\nb.c\nx\nclass C(b.D):\n    def m(self): return self.y, super().m"
    moved = "# a comment\n\n" + source.replace("\n", "\n\n# more\n", 1) + "\n'''text'''\n"
    resolved = Case(source).bound.unresolved
    assert resolved == ("C().y", "a:", "b", "b.D", "b.c", "super", "super(C).m", "x")
    assert Case(moved).bound.unresolved == resolved


def test_attributes_of_an_instance_are_what_methods_assign() -> None:
    found = Case("""\
        class C:
            def m(self, other):
                self.b = other.c = 1
                self.a: int
                (self.d, self.e.f), self.g[0] = x
            @staticmethod
            def s(self): self.no = 1
        """)
    assert {name: found.meanings(name) for name in ("a", "b", "d")} == {n: [f"=C.{n}"] for n in ("a", "b", "d")}
    assert [found.meanings(name) for name in ("c", "f", "no")] == [[None]] * 3


def test_a_long_sum_and_a_long_elif_chain_need_no_deep_recursion() -> None:
    chain = "if a: x\n" + "".join(f"elif a == {n}: x\n" for n in range(300))
    assert len(Case(chain).references("x")) == 301
