"""Our own SCIP index: what its documents say, and that only changed ones are encoded again."""

import re
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

import pytest

from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.formats.scip_wire import encode_document, encode_external, encode_head
from codeintel_enrich.model.scip import Document, IndexMetadata, Occurrence, SymbolInformation
from codeintel_enrich.publish.scip import Codec, ExportReport, Package, describe, export_index
from tests.support.packages import copy_package, make_scip, source_files
from tests.support.rows import Shelf, emitted
from tests.support.scip_lint import faults

Documents = Mapping[str, Document]
Sources = Mapping[str, str | bytes]
Indexed = tuple[dict[str, bytes], SCIPIndex, SCIPIndex]

PREFIX = "codeintel-enrich python shop 1.2 "
PACKAGE = Package("shop", "1.2")
CODEC = Codec(encode_head(IndexMetadata("codeintel-enrich", "0")), encode_document, encode_external)

SHOP: dict[str, str] = {
    "shop/__init__.py": "from .core import Base as B\n",
    "shop/core.py": '"""The core."""\nimport os.path\n\n\nclass Base:\n    """A base."""\n\n    rate = 1\n\n'
    "    def run(self, n: int = 3, /, *, deep=False) -> int:\n        total = n\n        total += self.rate\n"
    "        return total\n\n    @property\n    def name(self): ...\n\n\n"
    "async def go(base): return os.path.join(base)\n",
    "shop/use.py": "from shop import B\nfrom shop.core import go\n\n\nclass Sub(B, Exception):\n    rate = 2\n\n"
    "    def run(self): return go(base=B)\n",
    "no.name.py": "from shop import B\ndef f(): return B.rate\n",
}


@pytest.fixture(scope="module")
def shop() -> Documents:
    return {path: describe(file.packed, PACKAGE).document for path, file in emitted(SHOP).items()}


def at(document: Document, path: str, symbol: str) -> list[tuple[int, str, int]]:
    """(line from 1, text, roles) of every occurrence of a symbol."""
    lines = SHOP[path].splitlines()
    return [
        (each.start_line + 1, lines[each.start_line][each.start_character : each.end_character], each.roles)
        for each in document.occurrences
        if each.symbol == (symbol if symbol.startswith("local") else PREFIX + symbol)
    ]


def info(document: Document, symbol: str) -> SymbolInformation:
    [found] = [each for each in document.symbols if each.symbol == PREFIX + symbol]
    return found


def test_definitions_imports_reads_and_writes_have_their_roles(shop: Documents) -> None:
    core, use = shop["shop/core.py"], shop["shop/use.py"]
    assert at(core, "shop/core.py", "`shop.core`/Base#rate.") == [(8, "rate", 5), (12, "rate", 8)]
    assert at(core, "shop/core.py", "`shop.core`/Base#run().(n)") == [(10, "n", 1), (11, "n", 8)]
    assert at(core, "shop/core.py", "local 0") == [(11, "total", 5), (12, "total", 4), (13, "total", 8)]
    assert at(use, "shop/use.py", "`shop.core`/Base#") == [(1, "B", 2), (5, "B", 8), (8, "B", 8)]
    assert at(use, "shop/use.py", "`shop.core`/go().") == [(2, "go", 2), (8, "go", 8)]
    assert at(use, "shop/use.py", "shop/__init__:") == [(1, "shop", 2), (2, "shop", 2)]


def test_symbols_say_kind_name_signature_documentation(shop: Documents) -> None:
    core = shop["shop/core.py"]
    run = info(core, "`shop.core`/Base#run().")
    assert (run.kind, run.display_name) == (26, "run")
    assert run.signature == "def run(self, n: int = 3, /, *, deep=False) -> int"
    assert (info(core, "`shop.core`/Base#").documentation, info(core, "`shop.core`/Base#").kind) == (("A base.",), 7)
    assert info(core, "`shop.core`/__init__:").documentation == ("The core.",)
    assert info(core, "`shop.core`/go().").signature == "async def go(base)"
    kinds = {each.display_name: each.kind for each in core.symbols}
    assert (kinds["name"], kinds["self"], kinds["n"], kinds["rate"], kinds["total"]) == (41, 44, 37, 15, 61)
    [local] = [each for each in core.symbols if each.symbol == "local 0"]
    assert local.enclosing_symbol == f"{PREFIX}`shop.core`/Base#run()."


def test_definitions_enclose_what_they_define(shop: Documents) -> None:
    [run] = [each for each in shop["shop/core.py"].occurrences if each.symbol.endswith("run().") and each.roles == 1]
    assert run.enclosing == (9, 4, 12, 20)


def test_bases_are_implemented_and_overridden_members_related(shop: Documents) -> None:
    use = shop["shop/use.py"]
    error, base = info(use, "`shop.use`/Sub#").relationships
    assert (base.symbol, base.is_implementation, base.is_reference) == (f"{PREFIX}`shop.core`/Base#", True, False)
    assert error.symbol == "codeintel-enrich python python-stdlib . builtins/Exception."
    [run] = info(use, "`shop.use`/Sub#run().").relationships
    assert (run.symbol, run.is_implementation, run.is_reference) == (f"{PREFIX}`shop.core`/Base#run().", True, True)
    [rate] = info(use, "`shop.use`/Sub#rate.").relationships
    assert (rate.symbol, rate.is_definition, rate.is_reference) == (f"{PREFIX}`shop.core`/Base#rate.", True, True)


def test_a_file_that_no_import_reaches_has_symbols_by_its_path(shop: Documents) -> None:
    document = shop["no.name.py"]
    assert at(document, "no.name.py", "`./no.name.py`/f().") == [(2, "f", 1)]
    assert at(document, "no.name.py", "`shop.core`/Base#rate.") == [(2, "rate", 8)]


NAMESAKES: dict[str, str] = {
    # Of one name for an import, of none, and of a name that none finds.
    **dict.fromkeys(
        ["src/util.py", "util.py", "svc-a/conf.py", "svc-b/conf.py", "a.b.py", "a/b.py"], "S = 1\nprint(S)\n"
    ),
    "m.py": "def g(): ...\ng()\n",
    "m.pyi": "def g() -> int: ...\n",
    "only.pyi": "class C: ...\n",
    "use.py": "import only\nfrom util import S\nfrom m import g\nprint(S, g, only.C)\n",
}


def test_no_two_files_define_one_symbol_and_none_is_without() -> None:
    rows = emitted(NAMESAKES)
    # Each is what its own root finds under the name; `svc-a` is one for what lies in it.
    namesakes = {"src/util.py", "util.py", "svc-a/conf.py", "svc-b/conf.py"}
    documents = {path: describe(file.packed, PACKAGE, namesakes).document for path, file in rows.items()}
    defined = [each.symbol for document in documents.values() for each in document.symbols]
    assert len(defined) == len(set(defined))
    for path, text in NAMESAKES.items():
        places = {(each.start_line, each.start_character) for each in documents[path].occurrences}
        tokens = re.finditer(r"\b(S|print|g|C|m|util|only)\b", text)
        wanted = {
            (text.count("\n", 0, each.start()), each.start() - text.rfind("\n", 0, each.start()) - 1) for each in tokens
        }
        assert wanted <= places, path
    used = {each.symbol for each in documents["use.py"].occurrences}
    assert {f"{PREFIX}{each}" for each in ("`./util.py`/S.", "m/g().", "only:C#", "only:__init__:")} <= used


def test_modules_of_one_name_have_symbols_by_their_paths() -> None:
    rows = emitted({"billing/app.py": "S = 1\ndef f(): return S\n", "use.py": "import billing.app\nbilling.app.f\n"})
    namesakes = {"billing/app.py", "orders/app.py"}
    documents = {path: describe(file.packed, PACKAGE, namesakes).document for path, file in rows.items()}
    defined = {each.symbol.removeprefix(PREFIX) for each in documents["billing/app.py"].symbols}
    assert defined == {f"`billing/app.py`/{each}" for each in ("__init__:", "S.", "f().")}
    used = {each.symbol.removeprefix(PREFIX) for each in documents["use.py"].occurrences}
    assert {"`billing/app.py`/__init__:", "`billing/app.py`/f()."} <= used


def test_names_of_other_packages_are_spelled_alike_everywhere(shop: Documents) -> None:
    mentions = {each.symbol for document in shop.values() for each in document.occurrences}
    assert "codeintel-enrich python python-stdlib . os/path." in mentions
    assert "codeintel-enrich python python-stdlib . `os.path`/join." in mentions


AWKWARD = {
    "bom.py": '\ufeffvalue = "🚀"; other = value\n\n\ndef f(ﬁrst): return ﬁrst\n'.encode(),
    "crlf.py": '# é\r\ndef función(x):\r\n    """🚀"""\r\n    return x, "e\u0301", función\r\n'.encode(),
    "feed.py": 'a = 1\n\x0c\nb = a; c = "\u2028"; d = b\n'.encode(),
    "latin.py": "# coding: latin-1\nclass Größe: ...\ng = 'ü'; h = Größe\n".encode("latin-1"),
    "spaces in name.py": b"def f(): ...\n",
}


def test_every_occurrence_is_on_its_token_whatever_the_text() -> None:
    for path, file in emitted(AWKWARD).items():
        text = AWKWARD[path].decode("latin-1" if path == "latin.py" else "utf-8")
        lines = re.split(r"\r\n|\r|\n", text)
        document = describe(file.packed, PACKAGE).document
        names = {each.symbol: each.display_name for each in document.symbols}
        tokens = [each for each in document.occurrences if each.start_character != each.end_character]
        assert len(tokens) >= 1
        for each in tokens:
            token = lines[each.start_line][each.start_character : each.end_character]
            assert normalize("NFKC", token) == names[each.symbol], (path, each)


# --- the file ---------------------------------------------------------------------------------------------------------


class Exporter:
    def __init__(self, folder: Path) -> None:
        self.kept = folder / "export.scip"

    def run(self, sources: Sources, package: Package = PACKAGE, made_by: str = "1") -> ExportReport:
        shelf = Shelf(emitted(sources))
        return export_index(self.kept, shelf.wanted, shelf.load, package, CODEC, made_by=made_by)

    def clean(self, sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> bytes:
        other = Exporter(tmp_path_factory.mktemp("clean"))
        other.run(sources)
        return other.kept.read_bytes()


@pytest.fixture
def exporter(tmp_path: Path) -> Exporter:
    return Exporter(tmp_path)


def test_only_changed_documents_are_encoded_again_and_the_bytes_are_those_of_a_clean_export(
    exporter: Exporter, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert exporter.run(SHOP).encoded == tuple(sorted(SHOP))
    assert exporter.run(SHOP).encoded == ()
    steps = {
        "a body": SHOP | {"shop/core.py": SHOP["shop/core.py"].replace("total = n", "total = n + 1")},
        "a name that others use": SHOP | {"shop/core.py": SHOP["shop/core.py"].replace("rate", "rating")},
        "a file more": SHOP | {"shop/more.py": "import json\n"},
        "a file less": {path: text for path, text in SHOP.items() if path != "shop/use.py"},
        "as before": SHOP,
    }
    encoded = {name: exporter.run(sources).encoded for name, sources in steps.items()}
    assert encoded["a body"] == ("shop/core.py",)
    assert encoded["a name that others use"] == ("no.name.py", "shop/core.py", "shop/use.py")
    assert encoded["a file more"] == ("no.name.py", "shop/__init__.py", "shop/core.py", "shop/more.py", "shop/use.py")
    assert encoded["a file less"] == ("shop/__init__.py",)
    assert encoded["as before"] == ("shop/__init__.py", "shop/use.py")
    for sources in steps.values():
        exporter.run(sources)
        assert exporter.kept.read_bytes() == exporter.clean(sources, tmp_path_factory)


@pytest.mark.parametrize("damage", ["deleted", "edited", "no sidecar", "cut sidecar"])
def test_what_is_not_as_it_was_left_is_made_again(exporter: Exporter, damage: str) -> None:
    exporter.run(SHOP)
    before = exporter.kept.read_bytes()
    sidecar = exporter.kept.with_suffix(".msgpack")
    if damage == "deleted":
        exporter.kept.unlink()
    elif damage == "edited":
        exporter.kept.write_bytes(before[:-1] + b"x")
    elif damage == "no sidecar":
        sidecar.unlink()
    else:
        sidecar.write_bytes(sidecar.read_bytes()[:-3])
    assert exporter.run(SHOP).encoded == tuple(sorted(SHOP))
    assert exporter.kept.read_bytes() == before


def test_another_package_or_version_of_the_code_makes_every_document_again(exporter: Exporter) -> None:
    exporter.run(SHOP)
    assert exporter.run(SHOP, Package("shop", "1.3")).encoded == tuple(sorted(SHOP))
    assert exporter.run(SHOP, Package("shop", "1.3"), made_by="2").encoded == tuple(sorted(SHOP))


def test_both_forms_of_ranges_are_there(exporter: Exporter) -> None:
    exporter.run(SHOP)
    index = scip_pb2.Index.FromString(exporter.kept.read_bytes())
    for document in index.documents:
        assert (document.language, document.position_encoding) == ("python", 3)
        for each in document.occurrences:
            single = each.single_line_range
            assert list(each.range) == [single.line, single.start_character, single.end_character]
            if each.enclosing_range:
                assert each.HasField(
                    "multi_line_enclosing_range" if len(each.enclosing_range) == 4 else "single_line_enclosing_range"
                )
    assert index.metadata.text_document_encoding == 1


def test_lint_sees_faults() -> None:
    """The checks themselves can fail."""
    good = describe(emitted(SHOP)["shop/core.py"].packed, PACKAGE).document
    odd = Occurrence(0, 0, 0, 3, "codeintel-enrich python . . `plain`/x.", 8)
    found = list(faults(SCIPIndex((type(good)("a.py", "utf-8", (odd, odd)),))))
    assert any("canonical" in each for each in found)
    assert any("twice" in each for each in found)
    assert any("nowhere" in each for each in found)


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """A copy of requests, its own index, and that of ty-scip."""
    folder = tmp_path_factory.mktemp("requests")
    root = copy_package("requests", folder / "tree")
    sources = {path: (root / path).read_bytes() for path in source_files(root)}
    exporter = Exporter(folder)
    exporter.run(sources, Package("requests", "2"))
    return sources, SCIPIndex.load(exporter.kept), SCIPIndex.load(make_scip(root, folder / "ty.scip"))


def test_lint_finds_nothing_in_the_index_of_a_real_package(requests: Indexed) -> None:
    _, index, _ = requests
    assert len(index.documents) == len(requests[0])
    assert list(faults(index)) == []


def definitions(document: Document) -> set[tuple[int, int, int]]:
    return {
        (each.start_line, each.start_character, each.end_character)
        for each in document.occurrences
        if each.roles & 3 == 1 and each.symbol.endswith(("#", ")."))
    }


def test_classes_and_functions_are_defined_where_ty_scip_says(requests: Indexed) -> None:
    _, ours, theirs = requests
    mine, other = ours.by_file(), theirs.by_file()
    for path, document in other.items():
        assert definitions(document) <= definitions(mine[path]), path
