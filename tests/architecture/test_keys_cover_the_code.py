"""Whatever code of ours runs when a stage is done is part of the stage's version: changed code meets no old result."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.rules.keys import PACKAGE, source_files, sources
from codeintel_enrich.engine.rules.stages import ANALYSES, BY_NAME
from codeintel_enrich.engine.run.jobs import AnalysisJob, PublishJob, StoreJob
from codeintel_enrich.engine.run.sandbox import Pool
from tests.support.pool import fresh_workers
from tests.support.projects import EVERYTHING_ON, SHOP
from tests.support.workspace import Workspace

KINDS = {"parse": "parse", "outline": "outline", "link": "link", "store": "merge", "publish": "merge"}
"""Kind of job -> the stage that it is a part of, of those that are a part of one stage only."""

ALONE = """\
import json, pickle, sys
kind, arguments = pickle.load(sys.stdin.buffer)
from codeintel_enrich.engine.run.worker import ASKING, job_function
job_function(kind)(*([lambda: 1] if kind in ASKING else []), *arguments)
ours = [module for name, module in sys.modules.items() if name.startswith("codeintel_enrich")]
print(json.dumps([module.__file__ for module in ours if getattr(module, "__file__", None)]))
"""
"""Does one job, as a worker does, in a process that has done nothing else; says which of our modules it loaded."""

FILES = {
    **SHOP,
    "pyproject.toml": EVERYTHING_ON,
    "broken.py": "def f(:\n",
    "shop/documented.py": '"""Doc."""\n\n\ndef f(a):\n    """Do.\n\n    Args:\n        a: it\n    """\n',
}

Job = tuple[str, tuple[Any, ...]]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Job]]:
    """Stage -> the jobs that a build with every option on gives to workers for it."""
    seen: list[Job] = []
    run = Pool.run

    def listening(self: Pool, kind: str, *arguments: Any, **more: Any) -> list[bytes]:
        seen.append((kind, arguments))
        return run(self, kind, *arguments, **more)

    folder = tmp_path_factory.mktemp("jobs")
    workspace = Workspace(folder, FILES, index=True, types=True)
    with pytest.MonkeyPatch.context() as patched, fresh_workers():
        patched.setattr(Pool, "run", listening)
        workspace.build()
    by_stage: dict[str, list[Job]] = {}
    for kind, arguments in seen:
        for stage, job in single(kind, arguments, folder):
            by_stage.setdefault(stage, []).append(job)
    return by_stage


def single(kind: str, arguments: tuple[Any, ...], folder: Path) -> Iterator[tuple[str, Job]]:
    """A job as one that has to be done though it was done before; one of several stages as one job for each."""
    if kind == "analyses":
        whole = msgspec.msgpack.decode(arguments[0], type=AnalysisJob)
        for call in whole.calls:
            again = msgspec.structs.replace(call, settings="others")
            inputs = {**whole.inputs.parts, **made_by_the_others(whole, call.name, folder)}
            job = msgspec.structs.replace(
                whole, calls=(again,), inputs=msgspec.structs.replace(whole.inputs, parts=inputs)
            )
            yield call.name, (kind, (msgspec.msgpack.encode(job),))
    elif kind == "store":
        store = msgspec.msgpack.decode(arguments[0], type=StoreJob)
        yield "merge", (kind, (encoded(store, store=str(folder / "other.duckdb"), trusted=None),))
    elif kind == "publish":
        publish = msgspec.msgpack.decode(arguments[0], type=PublishJob)
        other = {"out": str(folder / "other"), "publish_index": str(folder / "other.msgpack"), "intact": False}
        yield "merge", (kind, (encoded(publish, **other),))
    elif kind in KINDS:
        yield KINDS[kind], (kind, arguments)


def encoded(job: Any, **changes: Any) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(job, **changes))


def made_by_the_others(job: AnalysisJob, stage: str, folder: Path) -> dict[str, Any]:
    """What the other analyses of the file made, which a job of all of them passes on by itself."""
    from codeintel_enrich.engine.state.manifest import load_manifest

    manifest, _ = load_manifest(folder / "repo" / "cache" / "manifest.msgpack")
    done = manifest.files[job.inputs.path].stages
    return {
        name: [(name, output)]
        for other in ANALYSES
        if other.name != stage
        for name, output in zip(other.makes, done[other.name].outputs, strict=True)
    }


def loaded(job: Job) -> set[Path]:
    """The files of our modules that a process loads to do a job."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ALONE], input=pickle.dumps(job), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return {Path(file) for file in json.loads(done.stdout)}


@pytest.mark.parametrize("stage", ["parse", "outline", "link", *(stage.name for stage in ANALYSES), "merge"])
def test_every_module_that_a_worker_loads_for_a_stage_is_in_its_version(stage: str, jobs: dict[str, list[Job]]) -> None:
    covered = {file for source in sources(BY_NAME[stage]) for file in source_files(source)}
    # The largest jobs of each kind load the most; jobs on further files of the same kind load the same.
    kinds = {kind for kind, _ in jobs[stage]}
    chosen = [max((job for job in jobs[stage] if job[0] == kind), key=lambda job: len(job[1][0])) for kind in kinds]
    for job in [*chosen, *(job for job in jobs[stage] if b"def f(:" in job[1][0])]:
        missing = sorted(file.relative_to(PACKAGE).as_posix() for file in loaded(job) - covered)
        assert missing == [], f"job {job[0]}"
