"""What qualify makes of a file's own names and of the answers of link."""

import textwrap

import msgspec

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.linked import LinkedModule, LinkFinding, Target
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.qualify import qualify


def parsed(source: str) -> Parsed:
    result = parse(textwrap.dedent(source).encode(), ParseConfig())
    assert result.syntax.parse_ok
    return result


def linked_module(module: str | None = "pkg.mod", resolved: dict[str, Target] | None = None) -> LinkedModule:
    return LinkedModule(
        module=module,
        owner=module or "./file.py",
        identity=module or "./file.py",
        package="pkg",
        is_package=False,
        is_stub=False,
        resolved=resolved or {},
    )


def names(file: Parsed, layer: Qualified) -> dict[str, tuple[str, ...]]:
    """Definitions that have a name, by node type and line."""
    return {
        f"{node.node_type}:{node.start_line}": layer.nodes[node.definition]
        for node in file.syntax.nodes
        if node.definition >= 0
    }


def targets(file: Parsed, layer: Qualified, name: str) -> list[Target]:
    pairs = zip(file.syntax.references, layer.references, strict=True)
    return [layer.targets[index] for reference, index in pairs if reference.name == name]


def test_definitions_are_named_from_the_module() -> None:
    file = parsed("import os\nx = 1\na, b = 1, 2\nclass C:\n    y: int = 1\n    def m(self):\n        def g(): ...")
    assert names(file, qualify(file.syntax, file.interface, linked_module())) == {
        "Module:1": ("pkg.mod",),
        "Import:1": (),
        "Assign:2": ("pkg.mod.x",),
        "Assign:3": (),
        "ClassDef:4": ("pkg.mod.C",),
        "AnnAssign:5": ("pkg.mod.C.y",),
        "FunctionDef:6": ("pkg.mod.C.m",),
        "FunctionDef:7": ("pkg.mod.C.m.<locals>.g",),
    }


def test_local_names_are_absolute_and_have_a_kind() -> None:
    file = parsed("class C:\n    def m(self): return self.m, len\ndef f(p): return p\nx = C\ntype T = int\nf, T")
    layer = qualify(file.syntax, file.interface, linked_module())
    assert targets(file, layer, "C")[-1] == Target(("pkg.mod.C",), "class")
    assert targets(file, layer, "m")[-1] == Target(("pkg.mod.C.m",), "function")
    assert targets(file, layer, "p")[-1] == Target(("pkg.mod.f.<locals>.p",), "variable")
    assert targets(file, layer, "f")[-1] == Target(("pkg.mod.f",), "function")
    assert targets(file, layer, "x") == [Target(("pkg.mod.x",), "variable")]
    assert targets(file, layer, "T")[-1] == Target(("pkg.mod.T",), "type-alias")
    assert targets(file, layer, "len") == [Target(("builtins.len",), "external")]


def test_unresolved_names_are_what_link_answers() -> None:
    file = parsed("from a import b\nb.c")
    answer = Target(("a.impl.b.c", "other.b.c"), "function", "a/impl.py")
    layer = qualify(file.syntax, file.interface, linked_module(resolved={"b.c": answer}))
    assert targets(file, layer, "c") == [answer]


def test_what_is_unknown_says_why() -> None:
    file = parsed("def f(p, **k):\n    p.attr\n    unbound\n    f(key=1)\nimport missing")
    layer = qualify(file.syntax, file.interface, linked_module())
    reasons = {name: targets(file, layer, name)[0].reason for name in ("attr", "unbound", "key", "missing")}
    assert reasons == {
        "attr": "attribute of an unknown object",
        "unbound": "unbound name",
        "key": "parameter of an unknown callable",
        "missing": "not in the link result",
    }


def test_a_file_without_a_module_name_names_its_things_by_its_path() -> None:
    file = parsed("import a\ndef f(): return len, a\nf")
    layer = qualify(file.syntax, file.interface, linked_module(None, {"a": Target(("a",), "module")}))
    assert layer.nodes[0] == ("./file.py",)
    assert ("./file.py.f",) in layer.nodes
    assert targets(file, layer, "f")[-1] == Target(("./file.py.f",), "function")
    assert targets(file, layer, "len") == [Target(("builtins.len",), "external")]
    assert targets(file, layer, "a")[-1] == Target(("a",), "module")


def test_a_finding_stands_where_its_subject_is() -> None:
    source = """\
from os.path import *
import a.b, c
from . import (x as y,
               z)
__all__ = ["x"] + compute()
"""
    file = parsed(source)
    subjects = ["os.path:*", "a.b:", "c", ".:", ".:z", "y", "a call of `compute`", "nowhere"]
    found = [LinkFinding("info", "rule", subject, subject) for subject in subjects]
    layer = qualify(file.syntax, file.interface, msgspec.structs.replace(linked_module(), findings=tuple(found)))
    lines = source.splitlines()
    texts = {
        item.message: lines[item.line - 1][item.col : item.end_col if item.end_line == item.line else None]
        for item in layer.diagnostics
    }
    assert [(item.tool, item.severity, item.rule) for item in layer.diagnostics] == [("link", "info", "rule")] * 8
    assert texts == {
        "os.path:*": "*",
        "a.b:": "a.b",
        "c": "c",
        ".:": "from . import (x as y,",
        ".:z": "z",
        "y": "x as y",
        "a call of `compute`": '["x"] + compute()',
        "nowhere": "",
    }


def test_equal_targets_are_kept_once() -> None:
    file = parsed("import a\na.b\na.c\nx\ny\nx")
    same = Target(("a.b",), "function")
    layer = qualify(file.syntax, file.interface, linked_module(resolved={"a.b": same, "a.c": same}))
    assert len(layer.targets) == len(set(layer.targets))
    assert len(layer.references) == len(file.syntax.references)
    assert (
        len({index for r, index in zip(file.syntax.references, layer.references, strict=True) if r.name in "bc"}) == 1
    )


def test_a_file_that_does_not_parse_has_its_module_named() -> None:
    file = parse(b"def (", ParseConfig())
    assert qualify(file.syntax, file.interface, linked_module()) == Qualified((("pkg.mod",),), (), ())
