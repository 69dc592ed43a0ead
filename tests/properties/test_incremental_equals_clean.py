"""Whatever the sequence of edits, the store is that of a clean build, and the next run is idle."""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.engine.state.state import State
from codeintel_enrich.model.task_inputs import TaskInputs
from tests.support.workspace import Workspace, assert_same

pytestmark = pytest.mark.slow

NAMES = ("a", "b", "c", "d")
SYMBOLS = ("X", "Y", "Z")
PLACES = (
    *(f"pkg/{name}.py" for name in NAMES),
    "pkg/__init__.py",
    "pkg/sub/__init__.py",
    "pkg/sub/a.py",
    "top.py",
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One module-level statement that matters to other modules."""
    symbol = draw(st.sampled_from(SYMBOLS))
    other = draw(st.sampled_from(SYMBOLS))
    module = draw(st.sampled_from(("pkg", "pkg.sub", "pkg.sub.a", "top", *(f"pkg.{name}" for name in NAMES))))
    return draw(
        st.sampled_from(
            (
                f"{symbol} = 1",
                f"def {symbol}(): return {other}",
                f"class {symbol}:\n    def m(self): return self.m",
                f"class {symbol}({other}): pass",
                f"from {module} import {symbol}",
                f"from {module} import {symbol} as {other}",
                f"from {module} import *",
                f"import {module}",
                f"try:\n    from {module} import {symbol}\nexcept ImportError:\n    {symbol} = None",
                f"__all__ = ['{symbol}']",
                f"__all__ = ['{symbol}', '{other}']",
                f"del {symbol}",
                f"print({symbol}, {module}.{other})",
                "# a comment",
                f"if unknown:\n    {symbol} = 2",
            )
        )
    )


contents = st.lists(statements(), max_size=4).map(lambda lines: "\n".join(lines) + "\n")
edits = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(PLACES), contents),
    st.tuples(st.just("delete"), st.sampled_from(PLACES), st.none()),
    st.tuples(st.just("swap"), st.sampled_from(PLACES), st.sampled_from(PLACES)),
    st.tuples(st.just("revert"), st.none(), st.none()),
)


def apply(workspace: Workspace, edit: tuple[str, str, str], earlier: dict[str, bytes]) -> None:
    kind, path, argument = edit
    if kind == "write":
        workspace.write(path, argument)
    elif kind == "delete":
        (workspace.root / path).unlink(missing_ok=True)
    elif kind == "swap":
        first, second = workspace.root / path, workspace.root / argument
        if first.exists() and second.exists() and first != second:
            before = first.read_bytes()
            first.write_bytes(second.read_bytes())
            second.write_bytes(before)
    else:
        for file in workspace.root.rglob("*.py"):
            file.unlink()
        for name, data in earlier.items():
            workspace.write(name, data)


def tree(workspace: Workspace) -> dict[str, bytes]:
    return {p.relative_to(workspace.root).as_posix(): p.read_bytes() for p in sorted(workspace.root.rglob("*.py"))}


def replay(start: dict[str, str], sequence: list[tuple[str, str, str]]) -> None:
    """Build after each edit; compare with a clean build; then nothing is due."""
    folder = Path(tempfile.mkdtemp())
    try:
        workspace = Workspace(folder, {"pkg/__init__.py": "", **start})
        workspace.build()
        earlier = tree(workspace)
        for edit in sequence:
            now = tree(workspace)
            apply(workspace, edit, earlier)
            earlier = now
            workspace.build()
            workspace.assert_equals_clean()
            assert workspace.ran() == set()
    finally:
        shutil.rmtree(folder)


slow = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)


@slow
@given(
    start=st.dictionaries(st.sampled_from(PLACES), contents, max_size=6),
    sequence=st.lists(edits, min_size=1, max_size=5),
)
def test_any_sequence_of_edits_ends_where_a_clean_build_does(
    start: dict[str, str], sequence: list[tuple[str, str, str]]
) -> None:
    replay(start, sequence)


SENSITIVE: list[tuple[dict[str, str], list[tuple[str, str, str]]]] = [
    ({"pkg/a.py": "X = 1\n", "pkg/b.py": "from pkg.a import *\nprint(X)\n"}, [("write", "pkg/a.py", "Y = 1\n")]),
    ({"pkg/b.py": "from pkg.a import X\n"}, [("write", "pkg/a.py", "X = 1\n")]),
    (
        {"pkg/a.py": "X = 1\n", "pkg/b.py": "from pkg.a import X\n", "top.py": "from pkg.b import X\nprint(X)\n"},
        [("write", "pkg/a.py", "def X(): ...\n")],
    ),
]


def _drop_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that what it imports changed."""
    record = State.record_linked

    def deaf(self: State, linked: Mapping[str, str], fresh: Iterable[Artifact]) -> None:
        known = {path: name for path, name in linked.items() if not self.files[path].linked}
        record(self, known, fresh)

    monkeypatch.setattr(State, "record_linked", deaf)


def _drop_failed_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that appears does not run link again."""
    inputs = State.link_inputs

    def blind(self: State) -> TaskInputs:
        kept = {path: state for path, state in self.files.items() if path != "pkg/a.py" or state.linked}
        every, self.manifest.files = self.manifest.files, kept
        try:
            return inputs(self)
        finally:
            self.manifest.files = every

    monkeypatch.setattr(State, "link_inputs", blind)


@pytest.mark.parametrize("drop", [_drop_linked, _drop_failed_lookups])
def test_the_comparison_fails_when_a_dependency_is_dropped(
    drop: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        drop(patched)
        failures = 0
        for start, sequence in SENSITIVE:
            try:
                replay(start, sequence)
            except (AssertionError, KeyError):
                failures += 1
        assert failures, "the oracle did not see a dropped dependency"
    for start, sequence in SENSITIVE:
        replay(start, sequence)


def test_worker_count_schedule_and_order_of_history_leave_no_trace(tmp_path: Path) -> None:
    shuffler = random.Random(7)
    files = {f"pkg/m{n}.py": f"from pkg.m{(n * 7) % 23} import *\nX{n} = {n}\n" for n in range(23)}
    one = Workspace(tmp_path / "one", files)
    one.build(jobs=1)
    two = Workspace(tmp_path / "two", files)
    two.build(jobs=2)
    grown = Workspace(tmp_path / "grown")
    order = list(files.items())
    shuffler.shuffle(order)
    for start in range(0, len(order), 8):
        for path, text in order[start : start + 8]:
            grown.write(path, text)
        grown.build(jobs=2)
    assert_same(two.dump(), one.dump())
    assert_same(grown.dump(), one.dump())
    assert two.outputs() == one.outputs() == grown.outputs()
