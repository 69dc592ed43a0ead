"""What a build knows: of the files there are, of what was made of them, and where that is kept.

While a build goes on, `State` alone writes into the manifest and the artifacts. It decides nothing: what is due is the
build's to find out, what comes from outside is found out by the inputs.
"""

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from codeintel_enrich.engine.rules.config import read_project
from codeintel_enrich.engine.rules.settings import Settings
from codeintel_enrich.engine.rules.stages import BY_NAME, FIRST
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.rules.trust import trusts
from codeintel_enrich.engine.state.account import Account
from codeintel_enrich.engine.state.artifacts import Artifact, Artifacts, Snapshot, Trace, most_kept
from codeintel_enrich.engine.state.discovery import form_of
from codeintel_enrich.engine.state.integrity import (
    Tampered,
    forget_missing,
    remove_leftovers,
    tampered_outputs,
    tampering_warnings,
)
from codeintel_enrich.engine.state.intent import Intent, read_intent, write_intent
from codeintel_enrich.engine.state.journal import REPOSITORY, Journal
from codeintel_enrich.engine.state.manifest import (
    NOT_DONE,
    External,
    FileState,
    Manifest,
    StageState,
    load_manifest,
    save_manifest,
)
from codeintel_enrich.engine.state.outlining import language
from codeintel_enrich.engine.state.places import Options, places
from codeintel_enrich.engine.state.tree import Tree, look
from codeintel_enrich.errors import CorruptArtifactError
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.model.task_inputs import FileInputs, Part, TaskInputs

ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class State:
    """Everything known of one repository while one build looks at it."""

    manifest: Manifest
    """What is remembered of every file."""
    tree: Tree
    """What the file system shows."""
    artifacts: Artifacts
    """What stages made; there once the state was taken in."""

    def __init__(self, options: Options) -> None:
        """Read the settings. Raises UsageError for a root that is no folder, and for faulty settings."""
        self.options = options
        self.places = places(options)
        self.project = read_project(self.places.root, options.overrides)
        self.settings = Settings(self.project)
        self.trusted = options.trust or trusts(self.places.root)
        """Whether indexers and checkers may do whatever the tree's own settings of them say."""
        self.account = Account()
        self.journal = Journal()
        self.touched: set[str] = set()
        """Files for which anything that a later stage reads is new in this run."""
        self.open_tasks: set[TaskName] = set()
        """Tasks of files that were found to be due and are not done."""
        self.everything_suspect = False
        """Whether any stage of any file may be due, not only those of the files that were touched."""
        self.compare = options.check
        """Whether no stamp is believed: every file is read, and compared with what it should be."""
        self._intent: Intent | None = None
        """What is begun and not ended, by this build or one before it."""
        self._manifest_stamp: FileStamp | None = None
        self._ledgers: dict[str, str] = {}

    # --- looking --------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read the manifest and walk the tree, without a lock and without opening a source file."""
        self._manifest_stamp = FileStamp.of(self.places.manifest)
        self.manifest, warning = load_manifest(self.places.manifest)
        if warning:
            self.account.warnings.append(warning)
        self.tree = look(self.places, self.project.config, self.options.only, self.manifest, self.journal)
        self.account.left_out = dict(self.tree.seen.left_out)
        # The cached answer was of the manifest before.
        self.__dict__.pop("_tampering", None)

    def look_again(self) -> None:
        """Look again where another run finished since: what it learned is the starting point now."""
        if FileStamp.of(self.places.manifest) != self._manifest_stamp:
            self.account.warnings.clear()
            self.look()

    @property
    def tampered(self) -> list[str]:
        """Files of ours that were changed or deleted since the last run, by their names in the manifest."""
        return self._tampering.changed + self._tampering.disguised

    @cached_property
    def _tampering(self) -> Tampered:
        return tampered_outputs(self.manifest, self.places)

    @property
    def is_unfinished(self) -> bool:
        """Whether the last build left something undone, or was stopped while it changed files of ours."""
        return not self.manifest.settled or self.places.intent.exists()

    @property
    def files(self) -> Mapping[str, FileState]:
        """Path of a Python file -> what is known of it."""
        return self.manifest.files

    @property
    def outlined(self) -> Mapping[str, FileState]:
        """Path of a file that has an outline only -> what is known of it."""
        return self.manifest.outlined

    @property
    def contents(self) -> dict[str, str | None]:
        """Path of a Python file -> digest of its bytes as they were last read."""
        return {path: file.content for path, file in self.files.items()}

    def find(self, path: str) -> FileState | None:
        """What is known of a file of either kind."""
        return self.manifest.files.get(path) or self.manifest.outlined.get(path)

    # --- taking in ------------------------------------------------------------------------------------------------

    def open(self, fingerprint: str) -> None:
        """Begin to write: open the artifacts and take in what changed. The lock on the cache must be held.

        `fingerprint`: of the settings that this build goes by; with others than the last, any stage may be due.
        """
        remove_leftovers(self.places.cache)
        # Asked before anything of ours is opened for writing.
        _ = self.tampered  # To open the artifacts is to change their file.
        if self.places.slice_log.name in self.tampered:
            # Nothing else says what it said: whoever follows it reads all chunks once.
            self.places.slice_log.unlink(missing_ok=True)
        self.artifacts = Artifacts(self.places.artifacts)
        self._take_in(fingerprint)
        if self._intent is not None or self.compare:
            self.places.link_state.unlink(missing_ok=True)
            self._end_link()

    def open_snapshot(self, fingerprint: str) -> None:
        """The same without writing anything: enough to find out what is due, not to do it."""
        self.artifacts = Snapshot(self.places.artifacts)
        self._take_in(fingerprint)

    def _take_in(self, fingerprint: str) -> None:
        # A setting or a version that changed may concern any stage of any file. So may a build that did not get to its
        # end: what it left undone is nowhere listed.
        self.everything_suspect = self.manifest.settled != fingerprint
        self._intent = read_intent(self.places.intent)
        self._check_own_files()
        # Somebody wrote into it, or SQLite complained: one look at every artifact costs less than finding the damaged
        # ones one by one, each when some stage is about to read it.
        if self.compare or self.artifacts.warnings or self.places.artifacts.name in self.tampered:
            self._check_artifacts()
            self.everything_suspect = True
        known = set(self.files)
        # Both are asked, whatever the first says.
        if any([self.tree.forget_vanished(), self.tree.relink()]):
            self._forget_derived()
        seen = self.tree.seen
        for path in [*seen.files, *seen.outlined] if self.options.check else self.tree.changed():
            self.read(path)
        if known != self.files.keys():
            self._touch_neighbours_of_renamed(known)

    def _touch_neighbours_of_renamed(self, known: Iterable[str]) -> None:
        """A file that came or went may give others another module name, and with it what the index finds in them."""
        before, after = module_table(known, self.project.config.roots), self._modules
        renamed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        self.touched.update(path for path, homes in self._homes.items() if not renamed.isdisjoint(homes))

    def _check_own_files(self) -> None:
        """Find out whether store and published files are as the last build left them; where not, `merge` is due."""
        intent, tampered = self._intent, self.tampered
        is_half_done = intent is not None and intent.stage == "merge"
        self.compare |= (intent is not None and intent.compare) or bool(self._tampering.disguised)
        if is_half_done:
            self.account.warnings.append(f"{self.places.cache}: a build did not come to its end; all was checked")
        else:
            self.account.warnings += tampering_warnings(tampered, self.places)
        if is_half_done or tampered or self.compare:
            self.manifest.merge = NOT_DONE
        if is_half_done or self.compare:
            self.manifest.stamps.clear()
            self.manifest.folders.clear()
        else:
            self._stamp(*(self.places.cache / name for name in self._tampering.moved))

    def _check_artifacts(self) -> None:
        """Read every artifact. What is damaged is forgotten, so that it is made again."""
        damaged = self.artifacts.verify()
        if damaged:
            self.account.warnings.append(
                f"{self.places.artifacts}: {len(damaged)} artifacts are damaged; they are made again"
            )
        forget_missing(self.manifest, self.artifacts.digests())

    def read(self, path: str) -> bytes | None:
        """Read one file and remember signature and digest; None when it cannot be read (or is gone: then forgotten)."""
        data, is_new = self.tree.read(path)
        if is_new:
            self._forget_derived()
            self.touched.add(path)
        return data

    def _forget_derived(self) -> None:
        """Forget what follows from which files there are, and from their bytes."""
        self._ledgers.clear()
        self.__dict__.pop("_modules", None)

    # --- what stages read -----------------------------------------------------------------------------------------

    def task_inputs(self, stage: str, path: str) -> TaskInputs:
        """What a stage of a file reads now. Meaningful once the stages before it are done."""
        return self.file_inputs(path).of_stage(stage, self.settings.digests[stage], BY_NAME[stage].reads)

    def file_inputs(self, path: str) -> FileInputs:
        """Everything that the stages of a file can read now."""
        state = self.find(path)
        assert state is not None, f"{path} is known"
        parts: dict[str, list[Part]] = {"path": [("path", path)], "content": [("content", state.content)]}
        parts["form"] = [("form", form_of(path))]
        if path in self.manifest.outlined:
            parts["grammar"] = [("grammar", self.tree.grammars[language(path)])]
        else:
            parts["linked"] = [("linked", state.linked)]
            parts.update(self._external_parts(path))
        for stage, done in state.stages.items():
            # A manifest of another version may know other stages, or others of their outputs; those are due anyway.
            makes = BY_NAME[stage].makes if stage in BY_NAME else ()
            for name, output in zip(makes, done.outputs, strict=False):
                parts[name] = [(name, output)]
        neighbours = self._neighbours(path)
        parts["neighbours"] = [("neighbours", digest(ENCODER.encode(neighbours)) if neighbours else "")]
        return FileInputs(path, dict(parts), neighbours)

    def _neighbours(self, path: str) -> dict[str, str]:
        """Path of a file that defines something which the index finds in this one -> what its names begin with."""
        homes = self._homes.get(path, ())
        return {home: self._modules[home].owner for home in homes if home in self._modules}

    @cached_property
    def _homes(self) -> Mapping[str, tuple[str, ...]]:
        """Path -> paths of the files that define what the index finds there."""
        # Asked for only where stages may be due, so that a run with nothing to do does not read it.
        index = self.manifest.externals.get("index")
        if index is None or not index.homes:
            return {}
        return msgspec.msgpack.decode(self.artifacts.get(index.homes), type=dict[str, tuple[str, ...]])

    @cached_property
    def _modules(self) -> Mapping[str, ModuleName]:
        """What each Python file is called."""
        return module_table(self.files, self.project.config.roots)

    def _external_parts(self, path: str) -> dict[str, list[Part]]:
        """What external inputs say of a file, by the name under which stages read it."""
        # Both stand in the key although there is no index: one that appears must be another input, not one more.
        parts: dict[str, list[Part]] = {"document": [("document", "")], "indexed": [("indexed", "")]}
        for name, external in sorted(self.manifest.externals.items()):
            piece = external.slices.get(path)
            if not piece:
                continue
            if external.stage == "index":
                parts["document"] = [("document", piece)]
                parts["indexed"] = [("indexed", external.contents.get(path, ""))]
            else:
                parts.setdefault("facts" if external.stage == "check" else "context", []).append((name, piece))
        return parts

    def link_inputs(self) -> TaskInputs:
        """What `link` reads: every module's path and interface."""
        interfaces = self._ledger("interfaces")
        return TaskInputs.of(
            "link",
            ("settings", self.settings.digests["link"]),
            ("interfaces", interfaces),
            ("surroundings", self.tree.surroundings),
        )

    def merge_inputs(self) -> TaskInputs:
        """What `merge` reads: the rows of every file."""
        return TaskInputs.of(
            "merge",
            ("settings", self.settings.digests["merge"]),
            ("out", self.places.name(self.places.out)),
            ("rows", self._ledger("rows")),
        )

    def interfaces(self) -> dict[str, str]:
        """Path of each Python file -> digest of its interface."""
        return {path: self.interface_of(state) for path, state in self.manifest.files.items()}

    @staticmethod
    def interface_of(state: FileState) -> str:
        """Digest of a Python file's interface; empty where it was not parsed yet."""
        return state.stage("parse").outputs[1] if state.stage("parse").outputs else ""

    def module_rows(self) -> dict[str, str]:
        """Path of each Python file -> digest of its rows, in path order."""
        return {path: state.stage("emit").output for path, state in sorted(self.manifest.files.items())}

    def outline_rows(self) -> dict[str, str]:
        """Path of each file that has an outline only -> digest of its rows, in path order."""
        return {path: state.stage("outline").output for path, state in sorted(self.manifest.outlined.items())}

    def _ledger(self, kind: Literal["interfaces", "rows"]) -> str:
        """Digest of every path with its interface, or its rows; kept until one of them changes."""
        if kind not in self._ledgers:
            wanted = self.interfaces() if kind == "interfaces" else {**self.module_rows(), **self.outline_rows()}
            # NUL cannot be part of a path, so that no two lists give the same text.
            lines = [f"{path}\0{name}" for path, name in sorted(wanted.items())]
            if kind == "interfaces":
                lines += [f"{link}\0-> {target}" for link, target in sorted(self.manifest.links.items())]
            self._ledgers[kind] = digest("\n".join(lines).encode("utf-8", "surrogateescape"))
        return self._ledgers[kind]

    # --- what was made --------------------------------------------------------------------------------------------

    def restore(self, stage: str, path: str, inputs: TaskInputs) -> bool:
        """Take over what any recorded run made of these inputs; False where none is recorded."""
        outputs = self.artifacts.lookup(inputs.key)
        if outputs is None:
            return False
        self.take(stage, path, inputs.key, outputs)
        return True

    def record(self, stage: str, path: str, inputs: TaskInputs, made: Iterable[Artifact]) -> None:
        """Keep what a stage made of a file, and which inputs gave it."""
        made = tuple(made)
        outputs = tuple(artifact.digest for artifact in made)
        self.artifacts.record(made, Trace(inputs, outputs))
        self.take(stage, path, inputs.key, outputs)

    def take(self, stage: str, path: str, key: str, outputs: tuple[str, ...]) -> None:
        """Let these outputs, which are kept already, be those of a stage of a file."""
        state = self.find(path)
        assert state is not None, f"{path} is known"
        self.journal.note(path, stage, state.stage(stage).key)
        state.stages[stage] = StageState(key, outputs)
        self._ledgers.pop("interfaces" if stage == FIRST["module"].name else "rows", None)
        self.touched.add(path)
        self.open_tasks.discard(TaskName(stage, path))

    def forget(self, stage: str, path: str) -> None:
        """Forget what a stage made of a file, so that it is made again."""
        state = self.find(path)
        if state is not None:
            state.stages.pop(stage, None)

    def restore_linked(self) -> bool:
        """Take over what any recorded run of `link` said of every module; False where not all of it is there."""
        inputs = self.link_inputs()
        outputs = self.artifacts.lookup(inputs.key)
        if outputs is None:
            return False
        # The key covers the list of files, so all that are named here are known.
        linked = msgspec.msgpack.decode(self.artifacts.get(outputs[0]), type=dict[str, str])
        # Most modules are linked as they were: their bytes are needed only where a file is to read other ones.
        fresh = {name for path, name in linked.items() if self.manifest.files[path].linked != name}
        if not all(self.artifacts.has(name) for name in fresh):
            return False
        self._take_linked(inputs.key, outputs[0], linked)
        return True

    def record_linked(self, linked: Mapping[str, str], fresh: Iterable[Artifact]) -> None:
        """Keep what `link` said (path -> digest), of which `fresh` is new."""
        inputs = self.link_inputs()
        # Kept as an artifact of its own, so that a revert finds what all modules were linked to under one key.
        listing = Artifact.of(ENCODER.encode(linked))
        self.artifacts.record([*fresh, listing], Trace(inputs, (listing.digest,)))
        self._take_linked(inputs.key, listing.digest, linked)

    def _take_linked(self, key: str, listing: str, linked: Mapping[str, str]) -> None:
        for path, name in linked.items():
            state = self.manifest.files[path]
            if state.linked != name:
                self.journal.note(path, "linked", state.linked)
                state.linked = name
                self.touched.add(path)
        self.journal.note(REPOSITORY, "link", self.manifest.link.key)
        self.manifest.link = StageState(key, (listing,))
        self._end_link()

    def restore_external(self, name: str, inputs: TaskInputs) -> External | None:
        """What an earlier run made from the same inputs, if every slice of it is still there; it is taken over then."""
        outputs = self.artifacts.lookup(inputs.key)
        if outputs is None:
            return None
        try:
            external = msgspec.msgpack.decode(self.artifacts.get(outputs[0]), type=External)
        except (CorruptArtifactError, msgspec.DecodeError):
            return None
        # Half an index would be worse than none: its missing slices would look like files that nothing is said of.
        pieces = [*external.slices.values(), *filter(None, [external.homes])]
        if not all(self.artifacts.has(piece) for piece in pieces):
            return None
        self._take_external(name, external)
        return external

    def record_external(self, name: str, inputs: TaskInputs, external: External, slices: Iterable[Artifact]) -> None:
        """Keep an external input that was made, and use it from here on."""
        listing = Artifact.of(ENCODER.encode(external))
        self.artifacts.record([*slices, listing], Trace(inputs, (listing.digest,)))
        self._take_external(name, external)

    def drop_external(self, name: str) -> None:
        """Do without an external input from here on."""
        self._take_external(name, External())
        del self.manifest.externals[name]

    def _take_external(self, name: str, external: External) -> None:
        before = self.manifest.externals.get(name, External()).slices
        after = external.slices
        self.touched.update(path for path in {*before, *after} if before.get(path) != after.get(path))
        self.manifest.externals[name] = external
        self.__dict__.pop("_homes", None)

    def begin_link(self) -> None:
        """Say that `link` is about to replace what it keeps. Raises EnrichError where that cannot be written down."""
        # What a merge before left undone stays to be done.
        if self._intent is None:
            self._set_out("link", self.link_inputs().key)

    def begin_merge(self) -> Mapping[str, FileStamp]:
        """Take the stamps off our own files: until the merge has ended, none is as it was left. Returns them.

        Raises EnrichError where that cannot be written down.
        """
        self._set_out("merge", self.merge_inputs().key)
        # Should the merge be killed, the manifest of before is still the one on disk; should it fail, this one says
        # that nothing of ours is known to be intact.
        stamps, self.manifest.stamps = self.manifest.stamps, {}
        self.manifest.folders = {}
        self.manifest.merge = NOT_DONE
        return stamps

    def _end_link(self) -> None:
        # What `link` keeps says itself what it is of: no manifest has to be written first.
        if self._intent is not None and self._intent.stage == "link":
            self.places.intent.unlink(missing_ok=True)
            self._intent = None

    def _set_out(self, stage: Literal["link", "merge"], key: str) -> None:
        self._intent = Intent(stage, key, self.places.name(self.places.out), self.compare)
        write_intent(self.places.intent, self._intent)

    def end_merge(
        self,
        rows: Mapping[str, int],
        broken: Mapping[str, str],
        nowhere: Mapping[str, int],
        published: Mapping[str, FileStamp],
        *,
        complete: bool,
    ) -> None:
        """Remember what a merge left: rows of each table, files that do not parse, imports that lead nowhere, and every
        published file.

        Not `complete`: some file could not be made now, so that the merge stays due.
        """
        self.manifest.rows, self.manifest.broken, self.manifest.nowhere = dict(rows), dict(broken), dict(nowhere)
        self._stamp(self.places.store, self.places.publish_index, self.places.slice_log)
        for name, stamp in published.items():
            # What was left as it was may have been copied since it was written.
            now = FileStamp.of(self.places.cache / name)
            self.manifest.stamps[name] = now if now is not None and now == stamp else stamp
        self.manifest.folders = self._folders_of(published)
        self.manifest.merge = StageState(self.merge_inputs().key, ("done",)) if complete else NOT_DONE
        # Until the manifest says how our files were left, they count as those of a build that did not end.
        self._intent = None

    def _folders_of(self, published: Iterable[str]) -> dict[str, FileStamp]:
        """The stamps of all folders that published files lie in, up to the output folder, by name."""
        top = self.places.name(self.places.out)
        names = {top}
        for name in published:
            while name.startswith(f"{top}/") and (name := os.path.dirname(name)) not in names:
                names.add(name)
        stamps = {name: FileStamp.of_folder(self.places.cache / name) for name in names}
        return {name: stamp for name, stamp in stamps.items() if stamp is not None}

    def _stamp(self, *files: Path) -> None:
        for path in files:
            stamp = FileStamp.of(path)
            if stamp is not None:
                self.manifest.stamps[self.places.name(path)] = stamp

    # --- the end --------------------------------------------------------------------------------------------------

    def save(self, settled: str) -> None:
        """Remember what was learned. `settled`: the fingerprint for which all is done; empty where something is due."""
        self.manifest.settled = settled
        self.manifest.decisions = self.tree.seen.decisions
        # After the last lookup and before the stamp: dropping rows changes the file.
        self.artifacts.prune(self.manifest.used, most_kept(len(self.files) + len(self.outlined)))
        self.account.warnings += self.artifacts.warnings
        self.artifacts.close()
        self._stamp(self.places.artifacts)
        save_manifest(self.places.manifest, self.manifest)
        if self._intent is None:
            self.places.intent.unlink(missing_ok=True)
