"""Coverage reports are read as coverage.py writes them, matched to files, and refused where they are hostile."""

import subprocess
import sys
from pathlib import Path

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.coverage import CoverageReport, read_coverage_xml
from codeintel_enrich.model.context import Coverage


def report(sources: list[str], classes: dict[str, str]) -> bytes:
    """A report with lines as `number:hits`, by file as the report names it."""
    listed = "".join(f"<source>{source}</source>" for source in sources)
    files = "".join(
        f'<class name="x" filename="{name}"><methods/><lines>'
        + "".join('<line number="{}" hits="{}"/>'.format(*pair.split(":")) for pair in lines.split())
        + "</lines></class>"
        for name, lines in classes.items()
    )
    return (
        f'<?xml version="1.0" ?><coverage version="7"><sources>{listed}</sources><packages><package name="p">'
        f"<classes>{files}</classes></package></packages></coverage>"
    ).encode()


def read(data: bytes, *files: str, roots: tuple[str, ...] = ("src", ".")) -> CoverageReport:
    return read_coverage_xml(data, "/here/repo", files, roots, "coverage.xml")


def test_lines_are_split_into_covered_and_missed() -> None:
    found = read(report(["/here/repo"], {"a.py": "1:1 3:0 2:7", "b.py": ""}), "a.py", "b.py")
    assert found.files == {"a.py": Coverage(covered=(1, 2), missed=(3,))}


@pytest.mark.parametrize(
    ("sources", "name", "files", "expected"),
    [
        (["/here/repo/src/pkg"], "sub/a.py", ["sub/a.py", "src/pkg/sub/a.py"], "src/pkg/sub/a.py"),
        (["/home/runner/work/repo/repo/src/pkg"], "a.py", ["a.py", "src/pkg/a.py"], "src/pkg/a.py"),
        (["/opt/site-packages/pkg"], "a.py", ["src/pkg/a.py", "pkg/a.py"], "pkg/a.py"),
        (["C:\\build\\repo\\src"], "pkg\\a.py", ["src/pkg/a.py"], "src/pkg/a.py"),
        ([], "pkg/a.py", ["src/pkg/a.py"], "src/pkg/a.py"),
        (["."], "pkg/a.py", ["pkg/a.py"], "pkg/a.py"),
        (["src"], "pkg/a.py", ["src/pkg/a.py", "pkg/a.py"], "src/pkg/a.py"),
        (["/nowhere"], "/here/repo/pkg/a.py", ["pkg/a.py"], "pkg/a.py"),
    ],
)
def test_a_file_is_found_below_the_reports_sources_wherever_it_was_made(
    sources: list[str], name: str, files: list[str], expected: str
) -> None:
    assert list(read(report(sources, {name: "1:1"}), *files).files) == [expected]


def test_a_file_reported_twice_is_covered_wherever_either_says_so() -> None:
    data = report(["/here/repo"], {"a.py": "1:0 2:1", "./a.py": "1:1 3:0"})
    assert read(data, "a.py").files == {"a.py": Coverage(covered=(1, 2), missed=(3,))}


def test_files_that_are_not_there_are_left_out_with_a_reason() -> None:
    found = read(report(["/here/repo"], {"a.py": "1:1", "/usr/lib/python3/setup.py": "1:1"}), "a.py", "setup.py")
    assert list(found.files) == ["a.py"]
    assert found.left_out == {"/usr/lib/python3/setup.py": "not among the indexed files"}


def test_a_report_of_another_tree_is_refused() -> None:
    with pytest.raises(UsageError, match=r"another tree.*elsewhere\.py"):
        read(report(["/there"], {"elsewhere.py": "1:1"}), "a.py")


BOMB = b"""<?xml version="1.0"?><!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<coverage><sources><source>&b;</source></sources></coverage>"""
OUTSIDE = b'<!DOCTYPE coverage [<!ENTITY x SYSTEM "file:///etc/passwd">]><coverage><source>&x;</source></coverage>'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "entity 'a'.*refused"),
        (OUTSIDE, "entity 'x'.*refused"),
        (b'<!DOCTYPE coverage [<!ENTITY % p "<!ENTITY q 1>">%p;]><coverage/>', "entity 'p'.*refused"),
        (b'<!DOCTYPE c [<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "u" NDATA n>]><coverage/>', "entity 'u'.*refused"),
        (b"<coverage>&undeclared;</coverage>", "coverage.xml:1: not valid XML"),
        (b"", "coverage.xml:1: not valid XML"),
        (b"<coverage>\n<oops", "coverage.xml:2: not valid XML"),
        (b"<testsuite/>", "not a Cobertura report"),
        (b'<?xml version="1.0" encoding="nonsense"?><coverage/>', "coverage.xml"),
        (report([], {"a.py": "one:1"}), "not a coverage report that can be read"),
    ],
)
def test_what_is_hostile_or_no_report_is_refused_with_a_message(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(data, "a.py")


def test_a_doctype_without_entities_is_no_offence() -> None:
    doctype = b'<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd"><coverage'
    data = report(["/here/repo"], {"a.py": "1:1"}).replace(b"<coverage", doctype, 1)
    assert list(read(data, "a.py").files) == ["a.py"]


def test_a_report_in_a_namespace_is_one() -> None:
    data = report(["/here/repo"], {"a.py": "1:1"}).replace(b"<coverage", b'<coverage xmlns="urn:cobertura"', 1)
    assert list(read(data, "a.py").files) == ["a.py"]


def test_a_report_that_coverage_itself_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "pkg" / "__init__.py").write_text("")
    (tmp_path / "src" / "pkg" / "a.py").write_text("def f(x):\n    if x:\n        return 1\n    return 2\n\n\nf(1)\n")
    (tmp_path / "run.py").write_text("import sys\nsys.path.insert(0, 'src')\nimport pkg.a\n")
    for words in (["run", "--source", "src", "run.py"], ["xml", "-q"]):
        subprocess.run([sys.executable, "-m", "coverage", *words], cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "coverage.xml").read_bytes()
    files = ["run.py", "src/pkg/__init__.py", "src/pkg/a.py"]
    found = read_coverage_xml(data, tmp_path.as_posix(), files, ("src", "."), "coverage.xml")
    assert found.files == {"src/pkg/a.py": Coverage(covered=(1, 2, 3, 7), missed=(4,))}
    assert found.left_out == {}
