"""The report's page as bytes: whole, self-contained, the same for the same facts."""

import json
import re

from codeintel_enrich.publish.report import render
from tests.support.reports import made_up


def facts(page: bytes) -> dict[str, object]:
    found = re.search(rb'<script type="application/json" id="facts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    read: dict[str, object] = json.loads(found[1])
    return read


def test_equal_facts_give_equal_bytes() -> None:
    assert render(made_up(40)) == render(made_up(40))
    assert render(made_up(40)) != render(made_up(41))


def test_nothing_is_left_to_fill_in_and_nothing_is_fetched() -> None:
    page = render(made_up(12)).decode()
    assert "{{" not in page
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)""", page) == []
    assert re.findall(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|importScripts", page.replace('"url(#', "")) == []
    assert "default-src 'none'" in page


def test_facts_are_embedded_whole_and_end_no_script() -> None:
    name = "</script><!-- \u2028 {{style}}"
    page = render(made_up(5, name=name))
    assert facts(page)["name"] == name
    assert page.count(b"</script>") == 2
    assert len(facts(page)["modules"]) == 5  # type: ignore[arg-type]


def test_five_thousand_modules_fit_a_page_of_few_megabytes() -> None:
    assert len(render(made_up(5000))) < 4_000_000
