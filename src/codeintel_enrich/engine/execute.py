"""Owns the doing: runs the stages that a build found due, and records what came out the moment it is there."""

import contextlib
import importlib
import threading
import time
from typing import Any

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.engine.build import ENCODER, Build
from codeintel_enrich.engine.externals import make_external
from codeintel_enrich.engine.graph import TaskName
from codeintel_enrich.engine.integrity import own_name, stamp_own_file
from codeintel_enrich.engine.manifest import StageState, write_atomically
from codeintel_enrich.engine.sandbox import Pool, WorkerDiedError
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.surface import Surface


class LinkRecord(msgspec.Struct):
    """What `link` keeps between runs: its own state, and the environment digests that belong to it."""

    settings: str
    state: bytes
    environments: dict[str, str]


class Executor:
    """Runs tasks of one build; safe to use from several threads."""

    def __init__(self, build: Build) -> None:
        self.build = build
        config = build.project.config
        self.pool = Pool(build.jobs(), config.cpu_seconds, config.memory_megabytes)

    def warm_up(self) -> None:
        """Load, beside everything else, what takes long to load: a worker, and the store's libraries."""
        self.pool.warm_up()
        threading.Thread(
            target=importlib.import_module, args=("codeintel_enrich.store.libraries",), daemon=True
        ).start()

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
        self.pool.close()

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
            ENCODER.encode(config.emit_config()),
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

    # --- link -----------------------------------------------------------------------------------------------------

    def _link(self) -> None:
        from codeintel_enrich.model.modules import module_table
        from codeintel_enrich.stages.link import LinkState, link

        build = self.build
        config = build.project.config
        record = self._load_link_record()
        result = link(
            LinkState.decode(record.state) if record.state else None,
            module_table(build.files, config.roots),
            {path: state.surface for path, state in build.files.items()},
            lambda path: msgspec.msgpack.decode(self._surface(path), type=Surface),
            config.link_config(build.project.requires_python),
        )
        table = {path: name for path, name in record.environments.items() if path not in result.removed}
        outputs: dict[str, bytes] = {}
        for path, environment in sorted(result.environments.items()):
            data = ENCODER.encode(environment)
            table[path] = digest(data)
            outputs[table[path]] = data
        listing = ENCODER.encode(table)
        name = digest(listing)
        inputs = build.link_inputs()
        build.artifacts.record(inputs, {**outputs, name: listing}, (name,))
        state = LinkRecord(build.settings["link"], result.state.encode(), table)
        body = msgspec.msgpack.encode(state)
        write_atomically(build.places.link_state, digest(body).encode() + body)
        build.take_environments(inputs.key, name, table)

    def _load_link_record(self) -> LinkRecord:
        """What the last `link` kept; an empty record when there is none, it is damaged, or of other settings."""
        fresh = LinkRecord(self.build.settings["link"], b"", {})
        path = self.build.places.link_state
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return fresh
        if data[:32] != digest(data[32:]).encode():
            self.build.warnings.append(f"{path}: truncated or damaged; everything is linked anew")
            return fresh
        with contextlib.suppress(msgspec.DecodeError):
            record = msgspec.msgpack.decode(data[32:], type=LinkRecord)
            artifacts = self.build.artifacts
            if record.settings == fresh.settings and artifacts.digests().issuperset(record.environments.values()):
                return record
        return fresh

    # --- merge ----------------------------------------------------------------------------------------------------

    def _merge(self) -> None:
        from codeintel_enrich.publish import publish_files
        from codeintel_enrich.store import broken_files, merge_store, open_store

        build = self.build
        wanted = {path: state.emit.output for path, state in sorted(build.files.items())}
        stamps, build.manifest.stamps = build.manifest.stamps, {}

        def load(path: str) -> bytes:
            return self._layer("emit", path)

        started = time.perf_counter()
        merged = merge_store(
            build.places.store,
            wanted,
            load,
            {"version": __version__},
            trusted=stamps.get(own_name(build, build.places.store)),
        )
        build.spend("merge: store", started)
        if merged.rebuilt and own_name(build, build.places.store) in stamps:
            build.warnings.append(f"{build.places.store}: {merged.rebuilt}; made again")
        build.manifest.rows = merged.rows
        with open_store(build.places.store) as connection:
            build.manifest.broken = broken_files(connection)
        started = time.perf_counter()
        published = publish_files(
            build.places.out,
            build.places.publish_index,
            wanted,
            load,
            root_name=build.places.root.name,
            entry_points=build.project.entry_points,
            emit_cst=build.project.config.emit_cst,
        )
        build.spend("merge: files", started)
        for path in (build.places.store, *(build.places.out / name for name in published.stamps)):
            stamp_own_file(build, path)
        build.manifest.merge = StageState(build.merge_inputs().key, "done")
