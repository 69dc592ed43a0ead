"""What is due: which stages of which files no recorded run has done for what they read now.

Asking may take the results of recorded runs over into the state; nothing is run and nothing else is changed.
"""

from collections.abc import Iterable

from codeintel_enrich.engine.rules.stages import ANALYSES, FIRST, UPSTREAM, Scope
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.state.state import State


def is_due(state: State, stage: str, path: str) -> bool:
    """Whether a stage of a file must run. Meaningful once the stages before it are done."""
    known = state.find(path)
    if known is None:
        return False
    inputs = state.task_inputs(stage, path)
    return known.stage(stage).key != inputs.key and not state.restore(stage, path, inputs)


def due_first_stages(state: State, scope: Scope) -> list[str]:
    """The files, Python (`module`) or other (`document`), whose bytes a stage must read; in path order."""
    stage = FIRST[scope].name
    known = state.files if scope == "module" else state.outlined
    # Taken from the results of recorded runs where they have them: a revert or a switch of branches finds no file due.
    due = [path for path in _suspects(state, known) if is_due(state, stage, path)]
    state.open_tasks.update(TaskName(stage, path) for path in due)
    return due


def link_is_due(state: State) -> bool:
    """Whether `link` must run. Meaningful once every file was parsed."""
    return state.manifest.link.key != state.link_inputs().key and not state.restore_linked()


def due_analyses(state: State) -> dict[str, list[str]]:
    """Path -> its stages after `link` that are due, or may turn out to be when those before them ran."""
    result: dict[str, list[str]] = {}
    for path in _suspects(state, state.files):
        due = _due_analyses_of(state, path)
        if due:
            result[path] = due
            state.open_tasks.update(TaskName(stage, path) for stage in due)
    return result


def _due_analyses_of(state: State, path: str) -> list[str]:
    # A key can be looked up only where all it is made of is known: behind a stage that must run, nothing can be asked
    # yet.
    known, reads = state.files[path], state.file_inputs(path)
    due: list[str] = []
    for stage in ANALYSES:
        if not due or not any(before in due for before in UPSTREAM[stage.name]):
            inputs = reads.of_stage(stage.name, state.settings.digests[stage.name], stage.reads)
            if known.stage(stage.name).key == inputs.key:
                continue
            if state.restore(stage.name, path, inputs):
                # What the stages that follow read is another now.
                reads.take(stage.makes, known.stage(stage.name).outputs)
                continue
        due.append(stage.name)
    return due


def merge_is_due(state: State) -> bool:
    """Whether store or published files do not say what the rows say."""
    return state.manifest.merge.key != state.merge_inputs().key


def _suspects(state: State, known: Iterable[str]) -> list[str]:
    """The files of which anything may be due: those that were touched, if nothing else changed."""
    # In path order, so that workers get the same files in the same order on every machine.
    return sorted(known if state.everything_suspect else state.touched.intersection(known))
