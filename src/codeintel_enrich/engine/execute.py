"""Owns the doing: runs the stages that a build found due, and records what came out the moment it is there."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.engine.build import ENCODER, Build
from codeintel_enrich.engine.externals import make_external
from codeintel_enrich.engine.graph import TaskName
from codeintel_enrich.engine.integrity import own_name, stamp_own_file
from codeintel_enrich.engine.manifest import StageState
from codeintel_enrich.engine.sandbox import Pool, WorkerDiedError
from codeintel_enrich.engine.whole import LinkDone, LinkJob, MergeDone, MergeJob
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.model.digest import digest


class Executor:
    """Runs tasks of one build; safe to use from several threads."""

    def __init__(self, build: Build) -> None:
        self.build = build
        config = build.project.config
        self.pool = Pool(build.jobs(), config.cpu_seconds, config.memory_megabytes, "codeintel_enrich.stages.parse")
        # One process each: what `link` needed is given back before `merge` needs its own.
        self.whole = {
            "link": Pool(1, 0, 0, "codeintel_enrich.stages.link"),
            "merge": Pool(1, 0, 0, "codeintel_enrich.store.libraries"),
        }

    def warm_up(self) -> None:
        """Start, beside everything else, what takes long to start: a worker for files and the one for the store."""
        self.pool.warm_up()
        self.whole["merge"].warm_up()

    def run(self, task: TaskName) -> None:
        """Run one task and record it. Raises EnrichError for what stops the build."""
        started = time.perf_counter()
        if task.stage == "link":
            self._link()
        elif task.stage == "merge":
            self._merge()
        elif task.stage in ("index", "check"):
            make_external(self.build, task.path or "index")
        elif task.path is not None and task.path in self.build.files:
            if task.stage == "parse":
                self._parse(task.path)
            else:
                self._analyse(task.stage, task.path)
        self.build.ran.append(str(task))
        self.build.spend(task.stage, started)

    def close(self) -> None:
        """End the worker processes."""
        for pool in (self.pool, *self.whole.values()):
            pool.close()

    # --- stages of one file ---------------------------------------------------------------------------------------

    def _parse(self, path: str) -> None:
        build = self.build
        # Read here, not at hashing time: the key must name the bytes that were parsed.
        data = build.hash_file(path)
        if path not in build.files:
            return
        if build.settle("parse", path):
            return
        key = build.inputs("parse", path)
        if data is None:
            rule, message = build.files[path].content.split(": ", 1)
            outputs = self.pool.run("failed", b"", rule, message)
        else:
            outputs = self._parse_bytes(data)
        named = {digest(output): output for output in outputs}
        listed = [digest(output) for output in outputs]
        build.artifacts.record(key, named, listed)
        build.remember("parse", path, key.key, listed)

    def _parse_bytes(self, data: bytes) -> list[bytes]:
        config = self.build.project.config.parse_config(self.build.project.requires_python)
        encoded = ENCODER.encode(config)
        for attempt in (1, 2):
            try:
                return self.pool.run("parse", data, encoded)
            except WorkerDiedError as death:
                # A worker that had done other files may have died of them: the file gets one fresh worker.
                if attempt == 2 or death.first_job or death.rule == "time-limit":
                    return self.pool.run("failed", data, death.rule, death.message)
        raise AssertionError("two attempts always return")

    def _analyse(self, stage: str, path: str) -> None:
        build = self.build
        inputs = build.inputs(stage, path)
        try:
            (output,) = self.pool.run(stage, *self._arguments(stage, path))
        except WorkerDiedError as death:
            raise EnrichError(f"{path}: stage {stage} {death.message}") from death
        name = digest(output)
        build.artifacts.record(inputs, {name: output})
        build.remember(stage, path, inputs.key, (name,))

    def _arguments(self, stage: str, path: str) -> tuple[Any, ...]:
        build, state = self.build, self.build.files[path]
        config = build.project.config
        syntax = self._layer("parse", path)
        if stage == "types":
            facts = [build.slice_of(name, path) for name in sorted(build.manifest.externals) if name != "index"]
            return syntax, [build.artifacts.get(name) for name in facts if name]
        surface, environment = self._surface(path), self._environment(path)
        if stage == "qualify":
            return syntax, surface, environment
        qualified = self._layer("qualify", path)
        if stage == "stitch":
            document = build.slice_of("index", path)
            return (
                *(syntax, surface, qualified, environment),
                build.artifacts.get(document) if document else None,
                build.indexed_content(path),
                ENCODER.encode(config.stitch_config()),
            )
        assert state.types.output
        return (
            *(path, syntax, surface, environment, qualified),
            self._layer("stitch", path),
            self._layer("types", path),
            ENCODER.encode(config.emit_config(self.build.project.tag_rules)),
        )

    def _layer(self, stage: str, path: str) -> bytes:
        """Output of a stage; one that turns out damaged is made again on the spot."""
        name: str = getattr(self.build.files[path], stage).output
        try:
            return self.build.artifacts.get(name)
        except CorruptArtifactError as error:
            self.build.warnings.append(f"{path}: {stage}: {error.message}; made again")
            self._again(stage, path)
            return self.build.artifacts.get(getattr(self.build.files[path], stage).output)

    def _surface(self, path: str) -> bytes:
        try:
            return self.build.artifacts.get(self.build.files[path].surface)
        except CorruptArtifactError as error:
            self.build.warnings.append(f"{path}: surface: {error.message}; made again")
            self._again("parse", path)
            return self.build.artifacts.get(self.build.files[path].surface)

    def _environment(self, path: str) -> bytes:
        try:
            return self.build.artifacts.get(self.build.files[path].environment)
        except CorruptArtifactError as error:
            self.build.warnings.append(f"{path}: environment: {error.message}; made again")
            self.build.places.link_state.unlink(missing_ok=True)
            self._link()
            return self.build.artifacts.get(self.build.files[path].environment)

    def _again(self, stage: str, path: str) -> None:
        setattr(self.build.files[path], stage, StageState())
        if stage == "parse":
            self._parse(path)
        else:
            self._analyse(stage, path)

    # --- jobs on the whole repository -----------------------------------------------------------------------------

    def _link(self) -> None:
        build = self.build
        config = build.project.config

        def job() -> LinkJob:
            return LinkJob(
                str(build.places.artifacts),
                str(build.places.link_state),
                build.settings["link"],
                {path: state.surface for path, state in build.files.items()},
                config.roots,
                config.link_config(build.project.requires_python),
            )

        done = msgspec.msgpack.decode(self._on_whole("link", job), type=LinkDone)
        self.whole["link"].close()
        build.warnings += done.warnings
        listing = ENCODER.encode(done.environments)
        name = digest(listing)
        inputs = build.link_inputs()
        build.artifacts.record(inputs, {**done.fresh, name: listing}, (name,))
        build.take_environments(inputs.key, name, done.environments)

    def _merge(self) -> None:
        build = self.build
        store = own_name(build, build.places.store)
        stamps, build.manifest.stamps = build.manifest.stamps, {}

        def job() -> MergeJob:
            return MergeJob(
                artifacts=str(build.places.artifacts),
                store=str(build.places.store),
                trusted=stamps.get(store),
                version=__version__,
                out=str(build.places.out),
                publish_index=str(build.places.publish_index),
                slice_log=str(build.places.slice_log),
                wanted={path: state.emit.output for path, state in sorted(build.files.items())},
                root_name=build.places.root.name,
                entry_points=build.project.entry_points,
                root=str(build.places.root),
                publish=build.project.config.publish_config(),
            )

        done = msgspec.msgpack.decode(self._on_whole("merge", job), type=MergeDone)
        if done.rebuilt and store in stamps:
            build.warnings.append(f"{build.places.store}: {done.rebuilt}; made again")
        build.manifest.rows, build.manifest.broken = done.rows, done.broken
        build.seconds["merge: store"] = done.store_seconds
        build.seconds["merge: files"] = done.files_seconds
        for path in (build.places.store, *map(Path, done.files)):
            stamp_own_file(build, path)
        build.manifest.merge = StageState() if done.postponed else StageState(build.merge_inputs().key, "done")

    def _on_whole(self, stage: str, job: Callable[[], LinkJob | MergeJob]) -> bytes:
        """Run a job; artifacts that it finds damaged are made again, and it is run again."""
        while True:
            try:
                return self.whole[stage].run(stage, msgspec.msgpack.encode(job()))[0]
            except WorkerDiedError as death:
                raise EnrichError(f"{stage} {death.message}") from death
            except CorruptArtifactError as error:
                self._mend(error)

    def _mend(self, error: CorruptArtifactError) -> None:
        """Make an artifact again. Raises the error itself where no stage of ours made it: then it cannot be mended."""
        self.build.artifacts.forget((error.wanted,))
        for path, state in self.build.files.items():
            if state.emit.output == error.wanted:
                self._layer("emit", path)
                return
            if state.surface == error.wanted:
                self._surface(path)
                return
        raise error
