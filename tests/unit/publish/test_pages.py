"""Pages say what a person looks for, and a page is rewritten only when what it says changed."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest

from codeintel_enrich.model.markdown import page_name
from tests.support.packages import copy_package, source_files
from tests.unit.publish.publish_support import BASIC, PAGES, Desk

SOURCES = {
    "src/pkg/__init__.py": (
        '"""The package.\n\n    Indented.\n"""\nfrom .a import f as g\nfrom .a import *\n\n__all__ = ["g", "Thing"]\n'
    ),
    "src/pkg/a.py": (
        '"""Things."""\nimport os.path\n\n\nclass Thing(dict):\n    """A thing.\n\n    More of it.\n    """\n\n'
        "    def do(self, x: int, /, *, deep: bool = False) -> str:\n        return ''\n\n"
        "    def _hidden(self): ...\n\n\n"
        "async def f(a, *rest, **more) -> None: ...\n\n\ndef _private(): ...\n"
    ),
    "src/pkg/b.py": "from pkg import a\n\n\ndef use():\n    return a.Thing()\n",
    "lone.py": "x = 1\n",
    "broken.py": "def (\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, PAGES)


def page(desk: Desk, path: str) -> str:
    return (desk.out / page_name(path)).read_text(encoding="utf-8")


def test_a_page_shows_docstring_api_and_signatures(desk: Desk) -> None:
    desk.publish(SOURCES)
    text = page(desk, "src/pkg/a.py")
    assert text.startswith("<!-- Made by codeintel-enrich; edits are lost. -->\n\n# `pkg.a`\n")
    assert "```text\nThings.\n```" in text
    assert "```python\nclass Thing(dict)\n```\n\nA thing.\n" in text
    assert "- `do(self, x: int, /, *, deep: bool = False) -> str`" in text
    assert "async def f(a, *rest, **more) -> None" in text
    assert "_private" not in text
    assert "_hidden" not in text
    assert text.index("### `Thing`") < text.index("### `f`")


def test_a_page_shows_reexports_imports_and_importers_with_links_that_lead_to_pages(desk: Desk) -> None:
    desk.publish(SOURCES)
    package = page(desk, "src/pkg/__init__.py")
    assert "- `g` is [`pkg.a.f`](a.py.md)\n" in package
    assert "- `Thing` is [`pkg.a.Thing`](a.py.md) (star import)\n" in package
    assert "The package.\n\nIndented.\n" in package
    module = page(desk, "src/pkg/a.py")
    assert module.endswith("## Imported by\n\n- [`pkg`](__init__.py.md)\n- [`pkg.b`](b.py.md)\n")
    assert "- `os.path`\n" in module


def test_every_link_of_a_real_package_leads_to_a_page(desk: Desk, tmp_path: Path) -> None:
    root = copy_package("flask", tmp_path / "tree")
    desk.publish({path: (root / path).read_bytes() for path in source_files(root)})
    pages = desk.files("modules")
    links = 0
    for name, content in pages.items():
        for target in re.findall(r"^- .*\]\(([^)]+\.md)\)", content.decode(), re.MULTILINE):
            folder = PurePosixPath(name).parent
            assert (desk.out / folder / unquote(target)).resolve().is_file(), (name, target)
            links += 1
    assert links > 200


def test_a_file_that_does_not_parse_has_a_page_that_says_so(desk: Desk) -> None:
    desk.publish(SOURCES)
    assert "**Does not parse**: line 1:" in page(desk, "broken.py")


def test_a_line_shift_rewrites_no_page(desk: Desk) -> None:
    desk.publish(SOURCES)
    before = desk.places("modules/src")
    text = SOURCES["src/pkg/b.py"]
    report = desk.publish(SOURCES | {"src/pkg/b.py": text.replace("\n\n\n", "\n\n# A comment.\n", 1)})
    assert [name for name in report.written if name.endswith(".md")] == []
    assert desk.places("modules/src") == before


def test_an_edit_rewrites_the_pages_of_the_file_and_of_what_it_no_longer_imports(desk: Desk, tmp_path: Path) -> None:
    desk.publish(SOURCES)
    after = SOURCES | {"src/pkg/b.py": "import lone\n\n\ndef use(): ...\n"}
    report = desk.publish(after)
    pages = {name for name in report.written if name.endswith(".md")}
    assert pages == {
        f"modules/{path}.md" for path in ("src/pkg/b.py", "src/pkg/__init__.py", "src/pkg/a.py", "lone.py")
    }
    clean = Desk(tmp_path / "clean", PAGES)
    clean.publish(after)
    assert desk.files() == clean.files()


def test_only_the_files_whose_pages_may_differ_are_loaded(desk: Desk) -> None:
    desk.publish(SOURCES)
    desk.publish(SOURCES | {"src/pkg/b.py": "import lone\n\n\ndef use(): ...\n"})
    assert set(desk.loaded) == set(SOURCES) - {"broken.py"}


def test_the_page_of_a_vanished_file_and_its_empty_folder_vanish(desk: Desk) -> None:
    desk.publish(SOURCES)
    desk.publish({"lone.py": SOURCES["lone.py"]})
    assert sorted(desk.files("modules")) == ["modules/lone.py.md", "modules/modules.jsonl"]
    assert not (desk.out / "modules" / "src").exists()


def test_a_page_edited_or_deleted_by_hand_is_made_again_and_no_other(desk: Desk) -> None:
    desk.publish(SOURCES)
    expected = desk.files()
    (desk.out / "modules/lone.py.md").write_text("mine")
    (desk.out / "modules/broken.py.md").unlink()
    report = desk.publish(SOURCES)
    assert set(report.written) == {"modules/lone.py.md", "modules/broken.py.md"}
    assert desk.files() == expected


def test_without_a_sidecar_stale_pages_go_and_other_files_stay(desk: Desk) -> None:
    desk.publish(SOURCES)
    (desk.out / "modules/notes.md").write_text("Written by a person.\n")
    desk.index.unlink()
    desk.publish({"lone.py": SOURCES["lone.py"]})
    assert sorted(desk.files("modules")) == ["modules/lone.py.md", "modules/modules.jsonl", "modules/notes.md"]


def test_pages_that_are_no_longer_wanted_go(desk: Desk) -> None:
    desk.publish(SOURCES)
    desk.patterns = BASIC
    desk.publish(SOURCES)
    assert sorted(desk.files("modules")) == ["modules/modules.jsonl"]


def test_another_version_of_the_code_makes_all_pages_anew(desk: Desk) -> None:
    desk.publish(SOURCES)
    desk.version = "2"
    desk.publish(SOURCES)
    assert set(desk.loaded) == set(SOURCES)


def test_a_name_too_long_for_the_file_system_still_has_a_page(desk: Desk) -> None:
    path = f"{'a' * 250}.py"
    desk.publish({path: "x = 1\n"})
    (name,) = (name for name in desk.files("modules") if name.endswith(".md"))
    assert len(PurePosixPath(name).name) < 255
    assert f"`{'a' * 250}`" in desk.files()[name].decode()


def test_links_to_strange_and_long_names_lead_to_pages(desk: Desk) -> None:
    long = f"{'b' * 250}"
    desk.publish({"a dir/x (1) é.py": f"import {long}\n", f"{long}.py": "x = 1\n"})
    targets = re.findall(r"^- .*\]\(([^)]+\.md)\)", page(desk, "a dir/x (1) é.py"), re.MULTILINE)
    (back,) = re.findall(r"^- .*\]\(([^)]+\.md)\)", page(desk, f"{long}.py"), re.MULTILINE)
    assert targets
    assert all((desk.out / "modules/a dir" / unquote(target)).is_file() for target in targets)
    assert unquote(back) == "a dir/x (1) é.py.md"


def test_text_that_looks_like_markup_is_shown_as_it_is(desk: Desk) -> None:
    source = 'def f(x="```"):\n    """A <b>bold</b> `claim` with [a](link).\n    """\n\n\n__doc__ = 1\n'
    desk.publish({"m.py": f'"""Fence: ```` end"""\n{source}'})
    text = page(desk, "m.py")
    assert "`````text\nFence: ```` end\n`````" in text
    assert '````python\ndef f(x="```")\n````' in text
    assert r"A \<b\>bold\</b\> \`claim\` with \[a\](link)." in text
