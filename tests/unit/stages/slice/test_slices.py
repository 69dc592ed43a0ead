"""Chunks cover the source, keep their identity, fit their limit, and change only when their text does."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from codeintel_enrich.formats.tokens import estimate_tokens
from codeintel_enrich.stages.slice import slices
from codeintel_enrich.stages.slice.windows import windows
from tests.support.packages import copy_package, source_files
from tests.support.rows import emitted

SOURCE = '''"""The module."""

from pkg.base import Base, helper
import os.path


LIMIT = helper(3)


class Shop(Base):
    """A shop.

    Args:
        name: what it is called
    """

    open = True

    @property
    def name(self) -> str:
        """Its name."""
        return os.path.join("a", helper(1))

    class Shelf:
        def put(self, what, *, where=None):
            def inner():
                return Base()

            return inner


async def run(shop: Shop) -> None:
    """Run it.

    :param shop: the one to run
    :returns: nothing
    :raises ValueError: if it is closed
    """
    await shop.name
'''
BASE = "class Base: ...\n\n\ndef helper(x): ...\n"


def cut(
    source: str | bytes = SOURCE, callers: dict[str, list[str]] | None = None, limit: int = 512
) -> list[dict[str, Any]]:
    data = source.encode() if isinstance(source, str) else source
    rows = emitted({"pkg/__init__.py": "", "pkg/base.py": BASE, "pkg/shop.py": data})["pkg/shop.py"]
    lines = slices(rows.packed, data, callers or {}, estimate_tokens, limit)
    return [orjson.loads(line) for line in lines.splitlines()]


def by_name(chunks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {chunk["qualified_name"]: chunk for chunk in chunks}


def test_modules_classes_and_functions_have_a_chunk_each_and_nested_functions_none() -> None:
    chunks = cut()
    assert [(chunk["kind"], chunk["qualified_name"]) for chunk in chunks] == [
        ("module", "pkg.shop"),
        ("class", "pkg.shop.Shop"),
        ("function", "pkg.shop.Shop.name"),
        ("class", "pkg.shop.Shop.Shelf"),
        ("function", "pkg.shop.Shop.Shelf.put"),
        ("function", "pkg.shop.run"),
    ]
    ids = {chunk["stable_id"]: chunk for chunk in chunks}
    for chunk in chunks[1:]:
        assert chunk["stable_id"] in ids[chunk["parent"]]["children"]


def test_a_class_has_the_heads_of_its_methods_and_a_function_all_of_itself() -> None:
    chunks = by_name(cut())
    shop = chunks["pkg.shop.Shop"]["body"]
    assert shop.startswith("class Shop(Base):\n")
    assert "    @property\n    def name(self) -> str: ...\n" in shop
    assert shop.endswith("    class Shelf: ...")
    assert "return" not in shop
    assert "open = True" in shop
    put = chunks["pkg.shop.Shop.Shelf.put"]["body"]
    assert put == "def put(self, what, *, where=None):\n    def inner():\n        return Base()\n\n    return inner"
    module = chunks["pkg.shop"]["body"]
    assert "async def run(shop: Shop) -> None: ..." in module
    assert "LIMIT = helper(3)" in module


def test_the_header_says_path_name_signature_and_summary() -> None:
    run = by_name(cut())["pkg.shop.run"]
    assert run["header"] == "# pkg/shop.py\n# pkg.shop.run\nasync def run(shop: Shop) -> None\nRun it."
    assert run["signature"] == "async def run(shop: Shop) -> None"


def test_docstrings_are_parsed_in_several_styles() -> None:
    chunks = by_name(cut())
    assert chunks["pkg.shop.Shop"]["doc"]["params"][0]["name"] == "name"
    doc = chunks["pkg.shop.run"]["doc"]
    assert [(item["name"], item["description"]) for item in doc["params"]] == [("shop", "the one to run")]
    assert doc["returns"]["description"] == "nothing"
    assert doc["raises"] == [{"type": "ValueError", "description": "if it is closed"}]


def test_what_a_chunk_uses_and_who_uses_it_are_names_of_definitions() -> None:
    chunks = by_name(cut(callers={"pkg.shop.run": ["pkg.main.go"]}))
    assert chunks["pkg.shop.Shop.name"]["uses"] == ["pkg.base.helper"]
    assert chunks["pkg.shop.Shop.name"]["imports"] == ["os.path", "pkg.base.helper"]
    assert chunks["pkg.shop.Shop.Shelf.put"]["uses"] == ["pkg.base.Base"]
    assert "pkg.shop.Shop" in chunks["pkg.shop.run"]["uses"]
    assert chunks["pkg.shop.run"]["callers"] == ["pkg.main.go"]


def test_a_line_shift_changes_no_text_hash_and_an_edit_changes_one() -> None:
    before = {chunk["id"]: chunk["text_hash"] for chunk in cut()}
    shifted = {chunk["id"]: chunk["text_hash"] for chunk in cut(SOURCE.replace("\n\n\nclass", "\n\n\n\n\nclass"))}
    module = "pkg.shop::Module:0#0"
    assert {key: value for key, value in shifted.items() if key != module} == {
        key: value for key, value in before.items() if key != module
    }
    edited = {chunk["id"]: chunk["text_hash"] for chunk in cut(SOURCE.replace("helper(1)", "helper(2)"))}
    assert edited.keys() == before.keys()
    assert [key for key in edited if edited[key] != before[key]] == ["pkg.shop:Shop.name:FunctionDef:0#0"]


def test_every_line_of_real_code_is_in_a_chunk_and_no_window_is_too_long(tmp_path: Path) -> None:
    root = copy_package("flask", tmp_path)
    sources = {path: (root / path).read_bytes() for path in source_files(root)}
    split = 0
    for path, rows in emitted(sources).items():
        lines = slices(rows.packed, sources[path], {}, estimate_tokens, 200)
        chunks = [orjson.loads(line) for line in lines.splitlines()]
        text = "\n".join(chunk["header"] + "\n" + chunk["body"] for chunk in chunks)
        there = {"".join(line.split()) for line in text.split("\n")}
        heads = "".join(text.split())
        for line in sources[path].decode().split("\n"):
            squeezed = "".join(line.split()).rstrip(",")
            assert "".join(line.split()) in there or squeezed in heads or squeezed in ("):", ")"), (path, line)
        for chunk in chunks:
            assert chunk["n_tokens"] == estimate_tokens(f"{chunk['header']}\n\n{chunk['body']}")
            room = max(200 - estimate_tokens(chunk["header"]), 100)
            assert estimate_tokens(chunk["body"]) <= room or "\n" not in chunk["body"], chunk["id"]
        assert len({chunk["id"] for chunk in chunks}) == len(chunks)
        split += sum(chunk["part"] > 0 for chunk in chunks)
    assert split > 20


def test_windows_join_to_the_text_and_break_between_blocks() -> None:
    text = "\n".join(f"def f{number}():\n    a = {number}\n    return a\n" for number in range(40))
    cut_up = windows(text, estimate_tokens, 60)
    assert "\n".join(cut_up) == text
    assert len(cut_up) > 5
    assert all(estimate_tokens(window) <= 60 for window in cut_up)
    assert all(window.startswith("def ") for window in cut_up)


def test_a_line_that_is_too_long_is_a_window_of_its_own() -> None:
    long = "x = " + " + ".join("abcde" for _ in range(200))
    assert windows(f"a = 1\n{long}\nb = 2", estimate_tokens, 50) == ["a = 1", long, "b = 2"]


@pytest.mark.parametrize("source", ["", "\n\n", "def ("])
def test_what_has_no_text_or_no_tree_has_no_chunk(source: str) -> None:
    assert cut(source) == []


def test_text_is_that_of_the_source_in_any_encoding_and_with_any_line_end() -> None:
    chunks = by_name(cut("# -*- coding: latin-1 -*-\r\ndef caf\xe9():\r\n    return 'caf\xe9'\r\n".encode("latin-1")))
    assert chunks["pkg.shop.caf\xe9"]["body"] == "def caf\xe9():\n    return 'caf\xe9'"
    chunks = by_name(cut("\ufeffx = 1\n"))
    assert chunks["pkg.shop"]["body"].startswith("x = 1")
