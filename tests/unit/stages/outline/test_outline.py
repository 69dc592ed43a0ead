"""What the outline of one file lists, and that every place in it is one of the original file."""

import builtins
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from codeintel_enrich.model.outline import Outline, OutlineItem
from codeintel_enrich.stages import outline as stage
from codeintel_enrich.stages.outline import language_of, outline, remedy
from codeintel_enrich.stages.outline.grammars import grammar, languages, query

SAMPLES: dict[str, tuple[str, list[str]]] = {
    "python": (
        "@wrap\nclass A(B):\n    x: int = 1\n\n    async def f(self):\n        def g(): pass\n\n    @p\n"
        "    def h(self): pass\n\n\ntype T = int\nY = 1\ndef k(): z = 1\n",
        ["class A", ". variable x", ". method f", ". . function g", ". method h", "type T", "variable Y", "function k"],
    ),
    "toml": (
        'a = 1\n[tool."x y"]\nb.c = 2\nd = {e = 1}\n[[rows]]\nf = [1]\n',
        ["key a", 'table tool."x y"', ". key b.c", ". key d", ". . key e", "table rows", ". key f"],
    ),
    "yaml": (
        "a: 1\n'b b':\n  - c: 2\n    d: x\n  - {e: 1}\n---\n&anchor f: 1\n",
        ["key a", "key b b", ". key c", ". key d", ". key e", "key f"],
    ),
    "json": ('{"a": 1, "b": [{"c": 2}], "": null}', ["key a", "key b", ". key c", "key "]),
    "markdown": (
        "# One\n\ntext\n\n### Deep\n\n## Two *em*\n\nThree\n=====\n\n```sh\n# no heading\n```\n",
        ["heading One", ". heading Deep", ". heading Two *em*", "heading Three"],
    ),
    "rst": (
        "=====\nTitle\n=====\n\nA\n=\n\nB\n-\n\n.. py:function:: foo(x)\n\n   doc\n\nC\n=\n",
        ["heading Title", ". heading A", ". . heading B", ". . . object foo(x)", ". heading C"],
    ),
    "sql": (
        "CREATE TABLE IF NOT EXISTS a.b (id int, x text);\ncreate or replace view v as select 1;\n"
        "create unique index i on t (a);\ncreate trigger tr before insert on t for each row execute function f();\n"
        "with q as (select 1) select * from q;\n",
        ["table a.b", ". column id", ". column x", "view v", "index i", "trigger tr", "cte q"],
    ),
    "bash": (
        "X=1\nexport Y=2\nf() { local z=1; Q=2; }\nfunction g { :; }\n",
        ["variable X", "variable Y", "function f", "function g"],
    ),
    "dockerfile": (
        "ARG V=1\nFROM python:3 AS base\nENV A=1 B=2\nLABEL l=1\nEXPOSE 80\nFROM base:2\nRUN x\n",
        ["argument V", "stage base", ". variable A", ". variable B", ". label l", ". port 80", "stage base:2"],
    ),
    "javascript": (
        "class A { m() {} #p() {} }\nfunction f() { function g() {} const no = 1 }\nconst a = () => 1;\nlet c = 1;\n"
        "export const d = 2;\nmodule.exports.z = function () {};\n",
        [
            *("class A", ". method m", ". method #p", "function f", ". function g", "function a", "variable c"),
            *("variable d", "function module.exports.z"),
        ],
    ),
    "typescript": (
        "interface I { a(): void }\ntype T = 1;\nenum E { A }\nnamespace N { export class C<T> { m(): void {} } }\n"
        "abstract class D { abstract q(): void }\ndeclare function h(): void;\n",
        [
            *("interface I", ". method a", "type T", "enum E", "namespace N", ". class C", ". . method m"),
            *("class D", ". method q", "function h"),
        ],
    ),
    "tsx": ("export const A = () => <b>x</b>;\nclass B {}\n", ["function A", "class B"]),
}


def shape(found: Outline) -> list[str]:
    return [". " * item.depth + f"{item.kind} {item.name}" for item in found.items]


def only(found: Outline, name: str) -> OutlineItem:
    (item,) = [item for item in found.items if item.name == name]
    return item


@pytest.mark.parametrize("language", languages())
def test_every_language_lists_its_entries_by_its_query(language: str) -> None:
    source, expected = SAMPLES[language]
    found = outline(language, source.encode())
    assert shape(found) == expected
    assert (found.has_errors, found.error, found.n_left_out) == (False, None, 0)
    assert not any(item.is_fallback for item in found.items)


@pytest.mark.parametrize("language", languages())
def test_every_query_fits_its_installed_grammar(language: str) -> None:
    assert query(language) is not None


@pytest.mark.parametrize("language", languages())
def test_node_types_of_the_fallback_exist_in_the_grammar(language: str) -> None:
    definitions = languages()[language].definitions
    assert definitions
    assert all(grammar(language).id_for_node_kind(name, True) is not None for name in definitions)


@pytest.mark.parametrize("language", languages())
def test_without_a_usable_query_node_types_decide(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SAMPLES[language][0].encode()
    by_query = {(item.kind, item.name) for item in outline(language, source).items}
    monkeypatch.setattr(stage, "query", lambda name: None)
    found = outline(language, source)
    assert found.items
    assert all(item.is_fallback for item in found.items)
    kinds = set(languages()[language].definitions.values())
    listed = {(item.kind, item.name) for item in found.items}
    wanted = {(kind, name) for kind, name in by_query if kind in kinds}
    assert wanted & listed


@pytest.mark.parametrize("language", languages())
def test_entries_nest_and_their_places_are_those_of_the_bytes(language: str) -> None:
    source = ("\n" + SAMPLES[language][0]).encode()
    items = outline(language, source).items
    for ordinal, item in enumerate(items):
        lines = source[: item.start_byte].split(b"\n")
        assert (item.start_line, item.start_col) == (len(lines), len(lines[-1].decode()))
        lines = source[: item.end_byte].split(b"\n")
        assert (item.end_line, item.end_col) == (len(lines), len(lines[-1].decode()))
        assert item.start_byte <= item.name_start_byte <= item.name_end_byte <= item.end_byte
        assert item.name in source[item.name_start_byte : item.name_end_byte].decode()
        if item.parent >= 0:
            parent = items[item.parent]
            assert item.parent < ordinal
            assert parent.start_byte <= item.start_byte
            assert item.end_byte <= parent.end_byte
            assert item.depth == parent.depth + 1
        else:
            assert item.depth == 0
    assert all(first.start_byte <= second.start_byte for first, second in pairwise(items))


BROKEN = "x = '{}'\nclass Größe:\n    def {}(self):\n        return (\n\ndef after(): pass\n"


@pytest.mark.parametrize(
    ("encoding", "head", "bom"),
    [
        ("utf-8", "", b""),
        ("utf-8", "", b"\xef\xbb\xbf"),
        ("latin-1", "# -*- coding: latin-1 -*-\n", b""),
        ("cp1252", "#!/bin/x\n# vim: set fileencoding=cp1252 :\n", b""),
        ("shift_jis", "# coding: shift_jis\n", b""),
    ],
)
def test_bytes_are_those_of_the_original_file_in_any_encoding(encoding: str, head: str, bom: bytes) -> None:
    text = head + (BROKEN if encoding != "shift_jis" else BROKEN.replace("Größe", "表示")).format("表" * 3, "été")
    text = text if encoding in ("utf-8", "shift_jis") else text.replace("表", "é")
    text = text if encoding != "shift_jis" else text.replace("été", "ソ")
    source = bom + text.encode(encoding)
    found = outline("python", source)
    names = [item.name for item in found.items if item.kind != "variable"]
    assert names == [*(("表示", "ソ") if encoding == "shift_jis" else ("Größe", "été")), "after"]
    for item in found.items:
        assert source[item.name_start_byte : item.name_end_byte].decode(encoding) == item.name
        lines = source.removeprefix(bom).decode(encoding).split("\n")
        assert lines[item.start_line - 1][item.start_col :].startswith(("class", "def", "x"))


def test_bytes_that_are_no_text_shift_nothing() -> None:
    source = b"a = '\xff\xfe\xe9'\ndef f(:\n    pass\n\nclass \xc3\xa9t\xc3\xa9: pass\n"
    found = outline("python", source)
    assert [item.name for item in found.items if item.kind != "variable"] == ["f", "été"]
    assert source[only(found, "été").start_byte :] == b"class \xc3\xa9t\xc3\xa9: pass\n"


def test_utf16_with_a_mark_is_read() -> None:
    source = '{"é": 1}'.encode("utf-16")
    item = only(outline("json", source), "é")
    assert source[item.name_start_byte : item.name_end_byte].decode("utf-16-le") == '"é"'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_python_ends_them(end: str) -> None:
    found = outline("python", f"x = 1{end}def f(:{end}    pass{end}".encode())
    assert only(found, "f").start_line == 2
    assert found.n_lines == 3


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        # The tree loses what follows an open bracket; strings that look like definitions are none.
        (
            "class A(\n    def m(self): pass\n    async def n(self):\n        def inner(): pass\n\ndef after(): pass\n",
            ["class A", ". method m", ". method n", ". . function inner", "function after"],
        ),
        ('x = (\ny = """\ndef no(): pass\n"""\ndef yes():\n    pass\n', ["function yes"]),
        ("x = [\n# def no():\nclass C: pass\n", ["class C"]),
    ],
)
def test_broken_python_still_lists_its_definitions(lost: str, expected: list[str]) -> None:
    found = outline("python", lost.encode())
    assert found.has_errors
    assert [line for line in shape(found) if "variable" not in line] == expected


def test_in_broken_python_the_layout_says_where_a_definition_ends() -> None:
    source = "def f(\n    x,\n) -> int:\n    a = [1\n\n    def g(): return (\n\n    # end\n\nclass C: pass\n\nb = ("
    found = outline("python", source.encode())
    texts = {item.name: source[item.start_byte : item.end_byte] for item in found.items if item.kind != "variable"}
    assert texts == {
        "f": source[: source.index("\n\nclass")],
        "g": "def g(): return (\n\n    # end",
        "C": "class C: pass",
    }


def test_definitions_that_the_tree_lost_say_so() -> None:
    found = outline("python", b"def kept(): pass\n\nclass A(\n    def m(self): pass\n")
    assert {item.name: item.is_fallback for item in found.items} == {"kept": False, "A": True, "m": False}


def test_a_missing_grammar_is_data_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeintel_enrich.stages.outline.grammars.find_spec", lambda name: None)
    found = outline("sql", b"select 1;\n")
    assert found.error == "the grammar is not installed: pip install 'codeintel-enrich[outlines]'"
    assert (found.items, found.n_lines, found.n_bytes) == ((), 1, 10)
    assert remedy("sql") == found.error


def test_languages_follow_from_file_names() -> None:
    paths = {
        "a/pyproject.toml": "toml",
        "Pipfile": "toml",
        "x.YML": "yaml",
        "a.b/Dockerfile": "dockerfile",
        "Dockerfile.dev": "dockerfile",
        "ci/app.dockerfile": "dockerfile",
        "a.tsx": "tsx",
        "README.md": "markdown",
        "a.py": None,
        "toml": None,
        ".toml": None,
        "Makefile": None,
    }
    assert {path: language_of(path) for path in paths} == paths


def test_no_two_languages_claim_a_file_name_or_suffix() -> None:
    claims = [claim for head in languages().values() for claim in (*head.suffixes, *head.names)]
    assert len(claims) == len(set(claims))


def test_every_grammar_is_in_the_extra() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]
    listed = {requirement.partition(">")[0] for requirement in project["optional-dependencies"]["outlines"]}
    assert {"tree-sitter", *(head.distribution for head in languages().values())} == listed


def test_a_huge_file_keeps_its_upper_levels() -> None:
    rows = ", ".join(f'{{"k{number}": 1}}' for number in range(6_000))
    found = outline("json", f'{{"top": [{rows}], "last": 1}}'.encode())
    assert [item.name for item in found.items] == ["top", "last"]
    assert found.n_left_out == 6_000


def test_deep_nesting_is_walked_without_recursion() -> None:
    found = outline("json", b'{"a":' * 3_000 + b"1" + b"}" * 3_000)
    assert max(item.depth for item in found.items) == 2_999


def test_hostile_bytes_have_an_outline() -> None:
    for language in languages():
        for source in (b"", b"\0" * 50, bytes(range(256)), b"\xef\xbb\xbf", b"\xff\xfe\x00", b"\n\n"):
            assert outline(language, source).n_bytes == len(source)


def test_the_stage_opens_no_file_of_the_tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outline("python", b"x = (")

    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("a stage opened a file")

    monkeypatch.setattr(builtins, "open", forbidden)
    assert only(outline("python", b"def f(:\n"), "f").kind == "function"
