"""Rows of nodes and definitions; `ast` and compiled code are the oracles on real packages."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import msgspec
import pytest

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.syntax import Definition, Parameter, ScopeKind, Signature
from codeintel_enrich.stages.parse.nodes import NodeRows, describe
from tests.unit.stages.parse.parse_support import definitions, described, files_of, slices, tree_of, without_collection

SAMPLE = [*files_of("requests"), *files_of("flask"), *files_of("rich", 4), *files_of("networkx", 12)]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def real() -> list[tuple[Path, ast.Module, NodeRows]]:
    with without_collection():
        return [(path, ast.parse(path.read_bytes()), described(path.read_bytes())) for path in SAMPLE]


def of_type(rows: NodeRows, *node_types: str) -> list[Definition]:
    found = [node for node in rows.nodes if node.node_type in node_types]
    return [rows.definitions[node.definition] for node in sorted(found, key=lambda node: node.start_byte)]


def in_order(tree: ast.Module, *types: type[ast.AST]) -> list[ast.AST]:
    found = [node for node in ast.walk(tree) if isinstance(node, types)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))  # type: ignore[attr-defined]


def same_code(written: str | None, node: ast.AST | None) -> bool:
    if written is None or node is None:
        return written is None and node is None
    # In parentheses, as an annotation or a default may go on over several lines.
    return ast.dump(ast.parse(f"({written}\n)", mode="eval").body) == ast.dump(node)


def qualnames(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if not constant.co_name.startswith("<"):
                yield constant.co_qualname
            yield from qualnames(constant)


@pytest.mark.slow
def test_local_names_are_what_the_compiler_calls_classes_and_functions(
    real: list[tuple[Path, ast.Module, NodeRows]],
) -> None:
    for path, _, rows in real:
        compiled = compile(path.read_bytes(), "x.py", "exec", dont_inherit=True)
        ours = Counter(
            definition.local_name
            for definition in of_type(rows, "FunctionDef", "ClassDef")
            if "<lambda>" not in definition.local_name
        )
        assert ours == Counter(qualnames(compiled)), path


def test_docstrings_are_what_ast_says(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, tree, rows in real:
        assert rows.definitions[0].docstring == ast.get_docstring(tree, clean=False), path
        theirs = in_order(tree, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ours = of_type(rows, "FunctionDef", "ClassDef")
        assert [row.docstring for row in ours] == [ast.get_docstring(node, clean=False) for node in theirs], path  # type: ignore[arg-type]


def test_signatures_and_decorators_are_what_ast_says(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, tree, rows in real:
        ours = of_type(rows, "FunctionDef")
        theirs = in_order(tree, ast.FunctionDef, ast.AsyncFunctionDef)
        assert len(ours) == len(theirs)
        for definition, node in zip(ours, theirs, strict=True):
            assert isinstance(node, Function)
            signature = definition.signature
            assert signature is not None
            assert signature.is_async == isinstance(node, ast.AsyncFunctionDef)
            assert same_code(signature.returns, node.returns), path
            expected = list(ast_parameters(node.args))
            assert [(p.name, p.kind) for p in signature.parameters] == [(a.arg, kind) for a, kind, _ in expected]
            for parameter, (argument, _, default) in zip(signature.parameters, expected, strict=True):
                assert same_code(parameter.annotation, argument.annotation), path
                assert same_code(parameter.default, default), path
            for written, decorator in zip(definition.decorators, node.decorator_list, strict=True):
                assert same_code(written, decorator)


def ast_parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, str, ast.expr | None]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for index, (argument, default) in enumerate(zip(plain, defaults, strict=True)):
        kind = "positional-only" if index < len(arguments.posonlyargs) else "positional-or-keyword"
        yield argument, kind, default
    if arguments.vararg:
        yield arguments.vararg, "var-positional", None
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument, "keyword-only", default
    if arguments.kwarg:
        yield arguments.kwarg, "var-keyword", None


def test_classes_and_assignments_are_what_ast_says(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, tree, rows in real:
        for definition, node in zip(of_type(rows, "ClassDef"), in_order(tree, ast.ClassDef), strict=True):
            assert isinstance(node, ast.ClassDef)
            call = ast.parse(f"_({', '.join(definition.bases)})", mode="eval").body
            assert isinstance(call, ast.Call)
            assert [ast.dump(base) for base in call.args] == [ast.dump(base) for base in node.bases]
            assert [ast.dump(keyword) for keyword in call.keywords] == [ast.dump(word) for word in node.keywords]
        for definition, node in zip(of_type(rows, "Assign"), in_order(tree, ast.Assign), strict=True):
            assert isinstance(node, ast.Assign)
            ours = [ast.parse(f"{target} = 0").body[0] for target in definition.assign_targets]
            assert [ast.dump(item.targets[0]) for item in ours if isinstance(item, ast.Assign)] == [
                ast.dump(target) for target in node.targets
            ], path
        assert len(of_type(rows, "AnnAssign")) == len(in_order(tree, ast.AnnAssign))


def test_imports_are_what_ast_says(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, tree, rows in real:
        statements = sorted(rows.imports, key=lambda statement: rows.nodes[statement.node].start_byte)
        for ours, theirs in zip(statements, in_order(tree, ast.Import, ast.ImportFrom), strict=True):
            assert [(name.name, name.alias) for name in ours.names] == [(a.name, a.asname) for a in theirs.names], path  # type: ignore[attr-defined]
            expected = (theirs.module, theirs.level, True) if isinstance(theirs, ast.ImportFrom) else (None, 0, False)
            assert (ours.module, ours.level, ours.is_from) == expected


def test_typedness_is_what_a_count_with_ast_says(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, tree, rows in real:
        total = typed_total = 0
        methods = {
            id(child): True
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for child in statements_in(node.body)
        }
        theirs = in_order(tree, ast.FunctionDef, ast.AsyncFunctionDef)
        for definition, node in zip(of_type(rows, "FunctionDef"), theirs, strict=True):
            assert isinstance(node, Function)
            parameters = [argument for argument, _, _ in ast_parameters(node.args)]
            static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list)
            if id(node) in methods and not static and (node.args.posonlyargs or node.args.args):
                parameters = parameters[1:]
            typable = len(parameters) + 1
            typed = sum(item.annotation is not None for item in parameters) + (node.returns is not None)
            assert (definition.n_typable, definition.n_typed) == (typable, typed), (path, node.name)
            total, typed_total = total + typable, typed_total + typed
        assert (rows.definitions[0].n_typable, rows.definitions[0].n_typed) == (total, typed_total)


def statements_in(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run in the same scope as `body`."""
    for statement in body:
        yield statement
        if not isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            for field in ("body", "orelse", "finalbody"):
                yield from statements_in(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from statements_in(handler.body)


def test_class_totals_hold_methods_and_what_is_nested_in_them() -> None:
    source = (
        "class C:\n    def m(self, a: int) -> int:\n        def g(x): pass\n    class D:\n        def n(self): pass\n"
    )
    outer, inner = definitions(source, "ClassDef")
    assert (outer.n_typable, outer.n_typed) == (5, 2)
    assert (inner.n_typable, inner.n_typed) == (1, 0)


def test_every_definition_hashes_and_spans_its_own_bytes(real: list[tuple[Path, ast.Module, NodeRows]]) -> None:
    for path, _, rows in real:
        data = path.read_bytes()
        for node in rows.nodes:
            definition = rows.definitions[node.definition]
            assert definition.code_hash == digest(data[node.start_byte : node.end_byte])
            if definition.name_start_byte >= 0:
                assert data[definition.name_start_byte : definition.name_end_byte].decode() == node.name
                line = data.split(b"\n")[definition.name_line - 1].decode()
                assert line[definition.name_col :].startswith(str(node.name))


def test_full_level_has_a_row_for_every_node_and_the_same_definitions() -> None:
    for path in files_of("requests", 2):
        data = path.read_bytes()
        with without_collection():
            full, defs = described(data, "full"), described(data)
            tree = tree_of(data, "full")
            describe(tree)
        assert len(full.nodes) == len(tree.spans)
        assert full.definitions == defs.definitions
        by_definition = {node.definition: node for node in full.nodes if node.definition >= 0}
        for node in defs.nodes:
            twin = by_definition[node.definition]
            assert msgspec.structs.replace(twin, parent=0) == msgspec.structs.replace(node, parent=0)
        for recorded, row in zip(tree.recorded, full.nodes, strict=True):
            start, end = tree.spans[recorded]
            assert row.node_type == type(recorded).__name__
            assert data[row.start_byte : row.end_byte].decode() == tree.text[start:end]
            assert (row.start_line, row.start_col, row.start_byte) == tree.position(start)
            assert (row.end_line, row.end_col, row.end_byte) == tree.position(end)


def test_parameters_stand_in_source_order_with_kind_default_and_annotation() -> None:
    source = "async def f(a, b: int = 1, /, c=(1, 2), *args: *Ts, d, e: 'x' = {}, **kw: object) -> (int): pass\n"
    (definition,) = definitions(source, "FunctionDef")
    assert definition.signature == Signature(
        parameters=(
            Parameter("a", "positional-only"),
            Parameter("b", "positional-only", "int", "1"),
            Parameter("c", "positional-or-keyword", None, "(1, 2)"),
            Parameter("args", "var-positional", "*Ts"),
            Parameter("d", "keyword-only"),
            Parameter("e", "keyword-only", "'x'", "{}"),
            Parameter("kw", "var-keyword", "object"),
        ),
        returns="(int)",
        is_async=True,
    )


def test_a_bare_star_is_no_parameter() -> None:
    (definition,) = definitions("def f(*, a): pass\n", "FunctionDef")
    assert definition.signature == Signature((Parameter("a", "keyword-only"),))


def test_names_declared_global_are_named_as_python_names_them() -> None:
    source = "def f():\n    global g, C\n    def g():\n        def h(): pass\n    class C:\n        x = 1\n    y = 1\n"
    rows = described(source)
    assert [definition.local_name for definition in rows.definitions] == [
        "", "f", "g", "g.<locals>.h", "C", "C.x", "f.<locals>.y",
    ]  # fmt: skip


def test_equal_names_of_one_type_are_numbered_in_source_order() -> None:
    source = "if a:\n    def f(): pass\n    f = 1\nelse:\n    def f(): pass\nimport x\nimport y\na, b = c\n"
    rows = described(source)
    assert [(node.node_type, node.name, rows.definitions[node.definition].ordinal) for node in rows.nodes] == [
        ("Module", None, 0),
        ("FunctionDef", "f", 0),
        ("Assign", "f", 0),
        ("FunctionDef", "f", 1),
        ("Import", None, 0),
        ("Import", None, 1),
        ("Assign", None, 0),
    ]


def test_the_range_of_a_decorated_definition_starts_at_its_keyword() -> None:
    source = b"@a.b(1)\n@c\nasync def f(): pass\n@d\nclass C(B, metaclass=M): pass\n"
    rows = described(source)
    assert slices(source, rows.nodes, "FunctionDef") == [b"async def f(): pass"]
    assert slices(source, rows.nodes, "ClassDef") == [b"class C(B, metaclass=M): pass"]
    assert [definition.decorators for definition in rows.definitions] == [(), ("a.b(1)", "c"), ("d",)]
    assert rows.definitions[2].bases == ("B", "metaclass=M")


def test_identifiers_are_normalised_and_their_spans_are_as_written() -> None:
    source = "class ﬁeld:\n    ªb = 1\n".encode()
    rows = described(source)
    assert [node.name for node in rows.nodes] == [None, "field", "ab"]
    assert rows.definitions[2].local_name == "field.ab"
    assert source[rows.definitions[1].name_start_byte : rows.definitions[1].name_end_byte].decode() == "ﬁeld"


def test_imports_keep_level_dots_alias_star_and_spans() -> None:
    source = b"import a.b as c, d.e\nfrom ..p.q import (x as y, z,)\nfrom . import *\n"
    rows = described(source)
    assert [(i.module, i.level, i.is_from, [(n.name, n.alias) for n in i.names]) for i in rows.imports] == [
        (None, 0, False, [("a.b", "c"), ("d.e", None)]),
        ("p.q", 2, True, [("x", "y"), ("z", None)]),
        (None, 1, True, [("*", None)]),
    ]
    spans = [source[name.start_byte : name.end_byte] for statement in rows.imports for name in statement.names]
    assert spans == [b"a.b as c", b"d.e", b"x as y", b"z", b"*"]
    assert [rows.definitions[rows.nodes[statement.node].definition].imports for statement in rows.imports] == [0, 1, 2]


def test_imports_know_whether_they_run_for_type_checkers_or_in_functions_only() -> None:
    source = (
        "import a\nif typing.TYPE_CHECKING:\n    import b\n    class C:\n        import c\n"
        "    def g():\n        import d\n"
        "elif TYPE_CHECKING:\n    import e\nelse:\n    import f\n"
        "def h():\n    class D:\n        import i\n"
    )
    found = {statement.names[0].name: statement.phase for statement in described(source).imports}
    assert found == {
        "a": "runtime", "b": "typing", "c": "typing", "d": "local", "e": "typing", "f": "runtime", "i": "local",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""a\\n\\x41\\u0042\\N{BULLET}\\101\\\n\\d\\\\"""', "a\nAB•A\\d\\"),
        ("R'a\\n'", "a\\n"),
        ("'a' u'b' \"c\"", "abc"),
        ("('a')", "a"),
        ("b'a'", None),
        ("f'a'", None),
        ("'a' f'b'", None),
        ("x = 'a'", None),
        ("'''a\r\nb\rc'''", "a\nb\nc"),
        ("'a'; x = 1", "a"),
        ("", None),
        ("'\\8 \\N{no such name} \\x4'", "\\8 \\N{no such name} \\x4"),
    ],
)
def test_docstrings_are_evaluated(source: str, expected: str | None) -> None:
    assert described(source).definitions[0].docstring == expected


def test_a_suite_on_the_same_line_can_be_a_docstring() -> None:
    assert [definition.docstring for definition in definitions("def f(): 'a'\ndef g(): pass\n", "FunctionDef")] == [
        "a",
        None,
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x", {"x": "module"}),
        ("class C(b, metaclass=m):\n    x", {"b": "module", "m": "module", "x": "class"}),
        (
            "@d\ndef f(a: n = v) -> r:\n    x",
            {
                "d": "module",
                "f": "module",
                "a": "function",
                "n": "module",
                "v": "module",
                "r": "module",
                "x": "function",
            },
        ),
        ("def f[T](a: n = v) -> r: x", {"T": "type-params", "n": "type-params", "v": "module", "r": "type-params"}),
        ("class C[T: b](B): x", {"C": "module", "b": "type-params", "B": "type-params", "x": "class"}),
        ("type A[T] = v", {"A": "module", "v": "type-params"}),
        ("type A = v", {"v": "module"}),
        ("l = lambda a=d: b", {"a": "lambda", "d": "module", "b": "lambda"}),
        (
            "[e for t in i if c for u in j]",
            {"e": "comprehension", "t": "comprehension", "i": "module", "c": "comprehension", "j": "comprehension"},
        ),
        ("{k: v for t in i}", {"k": "comprehension", "v": "comprehension", "i": "module"}),
    ],
)
def test_nodes_know_the_scope_they_stand_in(source: str, names: dict[str, ScopeKind]) -> None:
    found = {node.name: node.scope for node in described(source, "full").nodes if node.node_type == "Name"}
    assert {name: found[name] for name in names} == names
