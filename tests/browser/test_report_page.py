"""The report in a real browser: it draws itself, asks for nothing, and can be used with mouse and keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeintel_enrich.cli.app import app
from codeintel_enrich.publish.report import render
from tests.faults.test_untrusted import hostile_files
from tests.support.browser import Browser
from tests.support.packages import copy_package
from tests.support.projects import SHOP
from tests.support.reports import made_up
from tests.support.workspace import Workspace

NODES = "document.querySelectorAll('#graph-canvas .node').length"
DETAILS = "document.querySelector('#details').innerText"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as opened:
        yield opened
        assert opened.problems == []
        assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


def shown(browser: Browser, tmp_path: Path, count: int, **facts: str) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(render(made_up(count, **facts)))
    browser.open(page)


def test_a_built_repository_is_shown_in_every_part(browser: Browser, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {**SHOP, "shop/broken.py": "def f(:\n"})
    workspace.build()
    page = tmp_path / "report.html"
    done = CliRunner().invoke(app, ["report", "--root", str(workspace.root), "-o", str(page)])
    assert done.exit_code == 0, done.output
    browser.open(page)
    texts = {
        part: browser.run(f"document.getElementById('{part}').textContent")
        for part in ("summary", "graph-canvas", "treemap", "scatter", "hottest", "references", "broken-list", "run")
    }
    assert texts["summary"].startswith("11Python files")
    assert "chained" in texts["graph-canvas"]
    assert "core" in texts["treemap"]
    assert "against size instead" in browser.run("document.getElementById('hotspots-lead').textContent")
    assert "resolved" in texts["references"]
    assert "shop/broken.py" in texts["broken-list"]
    assert "parse" in texts["run"]
    assert "merge" in texts["run"]


def test_a_re_export_leads_along_its_chain(browser: Browser, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    page = tmp_path / "report.html"
    assert CliRunner().invoke(app, ["report", "--root", str(workspace.root), "-o", str(page)]).exit_code == 0
    browser.open(page)
    browser.click("#graph-canvas [data-path='shop/__init__.py'] circle")
    told = browser.run(DETAILS)
    assert "help_me" in told
    assert "shop.api.help_me → shop.core.helper" in told
    number = browser.run(
        "[...document.querySelectorAll('#details .link')].findIndex((e) => e.textContent === 'help_me')"
    )
    browser.run(f"document.querySelectorAll('#details .link')[{number}].setAttribute('id', 'chain')")
    browser.click("#chain")
    assert browser.run("document.querySelectorAll('.edge.hop').length") == 2


def test_five_thousand_modules_begin_as_few_folders_and_open_on_a_click(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, 5000)
    first = browser.run(NODES)
    assert 20 <= first <= 60
    browser.click("#graph-canvas .node.folder circle")
    opened = browser.run(NODES)
    assert first < opened <= first + 61
    assert browser.run("document.querySelectorAll('#treemap .tile').length") > 100
    browser.click("#reset")
    assert browser.run(NODES) == first


def test_what_is_many_stands_as_one_and_can_still_be_found(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, 5000)
    browser.run(
        "(() => { const f = document.getElementById('find'); f.value = 'pkg0.sub0.module4900';"
        " f.dispatchEvent(new Event('input')); })()"
    )
    assert browser.run("document.querySelector('.node.chosen').dataset.path") == "pkg0/sub0/module4900.py"
    assert "pkg0/sub0/module4900.py" in browser.run(DETAILS)


def test_the_keyboard_opens_what_the_mouse_opens(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, 600)
    first = browser.run(NODES)
    browser.run("document.querySelector('#graph-canvas .node.folder').focus()")
    browser.press("Enter")
    assert browser.run(NODES) > first
    unnamed = "[...document.querySelectorAll('[role=button]')].filter((e) => !e.getAttribute('aria-label')).length"
    assert browser.run(unnamed) == 0


def test_the_map_goes_deeper_and_back(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, 600)
    browser.click("#treemap .tile.folder")
    deeper = browser.run("document.querySelector('#crumbs strong').textContent")
    assert deeper != "made-up"
    browser.click("#crumbs .link")
    assert browser.run("document.querySelector('#crumbs strong').textContent") == "made-up"


def test_light_and_dark_follow_the_reader_and_the_button(browser: Browser, tmp_path: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    browser.prefers("dark")
    shown(browser, tmp_path, 30)
    dark = browser.run(paper)
    browser.click("#theme")
    light = browser.run(paper)
    assert light != dark
    browser.click("#theme")
    assert browser.run(paper) == dark


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_nothing_is_shown_as_well(browser: Browser, tmp_path: Path, count: int) -> None:
    shown(browser, tmp_path, count)
    assert browser.run("document.querySelector('#summary b').textContent") == str(count)


def test_names_are_text_never_markup(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, 5, name="</script><img src=x onerror=alert(1)>{{facts}}")
    assert browser.run("document.querySelector('h1').textContent") == "</script><img src=x onerror=alert(1)>{{facts}}"
    assert browser.run("document.querySelectorAll('img').length") == 0


def test_a_hostile_repository_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {**SHOP, **hostile_files()})
    workspace.build()
    page = tmp_path / "report.html"
    assert CliRunner().invoke(app, ["report", "--root", str(workspace.root), "-o", str(page)]).exit_code == 0
    browser.open(page)
    for path in hostile_files():
        browser.run(
            f"(() => {{ const f = document.getElementById('find'); f.value = {json.dumps(path)};"
            " f.dispatchEvent(new Event('input')); })()"
        )
    assert browser.run("document.querySelectorAll('img, iframe, object, a[href^=javascript]').length") == 0
    assert "onerror" in browser.run("document.body.textContent")
    assert browser.run("document.querySelectorAll('script').length") == browser.run(
        "document.documentElement.outerHTML.match(/<script/g).length"
    )


def test_a_real_package_is_to_be_seen(browser: Browser, tmp_path: Path) -> None:
    root = copy_package("rich", tmp_path / "rich-tree")
    done = CliRunner().invoke(app, ["build", "--root", str(root), "--no-index", "--no-types", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    page = tmp_path / "rich.html"
    assert CliRunner().invoke(app, ["report", "--root", str(root), "-o", str(page)]).exit_code == 0
    browser.open(page)
    assert browser.run(NODES) >= 20
    picture = browser.picture()
    assert picture.startswith(b"\x89PNG")
    assert len(set(picture)) > 200
