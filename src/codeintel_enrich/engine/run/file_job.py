"""Jobs on one file, as a worker does them: the first stage from bytes, the analyses from what was made before."""

import importlib
import inspect
import time
import typing
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.run.jobs import ENCODER, AnalysisJob, StageCall, StageDone
from codeintel_enrich.engine.state.artifacts import Artifact, Reader
from codeintel_enrich.errors import CorruptArtifactError
from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.scip import IndexSlice
from codeintel_enrich.model.task_inputs import FileInputs

# --- the first stage ------------------------------------------------------------------------------------------------


def parse_job(source: bytes, config: bytes, form: str) -> list[bytes]:
    """Bytes of a Python file -> what `parse` makes, as encoded artifacts; source that does not parse is outlined."""
    settings = msgspec.msgpack.decode(config, type=ParseConfig)
    if form == "notebook":
        from codeintel_enrich.stages.parse import parse_notebook

        return _parsed(parse_notebook(source, settings), None)
    from codeintel_enrich.stages.parse import parse

    parsed = parse(source, settings)
    return _parsed(parsed, source if not parsed.syntax.parse_ok and len(source) <= settings.max_file_bytes else None)


def parse_failed_job(source: bytes, rule: str, message: str, outlined: bool) -> list[bytes]:
    """What stands in for a Python file whose analysis was killed."""
    from codeintel_enrich.stages.parse import failed

    return _parsed(failed(source, rule, message), source if outlined else None)


def outline_job(source: bytes, path: str, language: str) -> list[bytes]:
    """Bytes of any other file -> its rows, as an encoded artifact."""
    from codeintel_enrich.stages.outline import outline

    return _outlined(path, outline(language, source))


def outline_failed_job(source: bytes, path: str, language: str, message: str) -> list[bytes]:
    """What stands in for such a file when it cannot be read, or its analysis was killed."""
    from codeintel_enrich.stages.outline import failed

    return _outlined(path, failed(language, source, message))


def _parsed(parsed: Any, broken: bytes | None) -> list[bytes]:
    """What parse made, as encoded artifacts, with the outline of broken bytes."""
    syntax = parsed.syntax
    if broken is not None:
        from codeintel_enrich.stages.outline import PYTHON, outline

        syntax = msgspec.structs.replace(syntax, outline=outline(PYTHON, broken))
    return [ENCODER.encode(Artifact.of(ENCODER.encode(layer))) for layer in (syntax, parsed.interface, parsed.notebook)]


def _outlined(path: str, outline: Any) -> list[bytes]:
    from codeintel_enrich.model.rows import encode_packed
    from codeintel_enrich.stages.emit import emit_outline

    return [ENCODER.encode(Artifact.of(encode_packed(emit_outline(path, outline))))]


# --- the analyses ---------------------------------------------------------------------------------------------------


def analysis_job(encoded: bytes) -> list[bytes]:
    """An encoded `AnalysisJob` -> an encoded list of `StageDone`."""
    try:
        return [ENCODER.encode(analyse(msgspec.msgpack.decode(encoded, type=AnalysisJob)))]
    except CorruptArtifactError:
        # The file may have been made anew under the same name; this reader would look into the old one for good.
        _reader.cache_clear()
        raise


def analyse(job: AnalysisJob) -> list[StageDone]:
    """Run the stages of one file, each unless a recorded run has the key of what it reads now.

    That is asked here once more, just before a stage would run: what the stage before it made may be what an earlier
    run had made, and then nothing that follows need run. Raises CorruptArtifactError where something that a stage
    reads is missing or damaged.
    """
    layers = _Layers(_reader(job.artifacts), job.inputs)
    done: list[StageDone] = []
    for call in job.calls:
        started = time.perf_counter()
        inputs = job.inputs.of_stage(call.name, call.settings, call.reads)
        # Read-only, beside the writer: what it records meanwhile may or may not be seen, and both are right.
        outputs = layers.reader.lookup(inputs.key)
        made: tuple[Artifact, ...] | None = None
        if outputs is None:
            layer = _run(call, layers)
            made = (Artifact.of(ENCODER.encode(layer)),)
            outputs = tuple(artifact.digest for artifact in made)
            # The next stage of the file is given it as it is, without decoding what was just encoded.
            layers.known[outputs[0]] = layer
        job.inputs.take(call.makes, outputs)
        done.append(StageDone(call.name, inputs, outputs, made, time.perf_counter() - started))
    return done


def _run(call: StageCall, layers: "_Layers") -> Any:
    """Call a stage's function with what it reads, by name."""
    function, kinds = _function(call.function)
    arguments = {name: layers.get(name, kind) for name, kind in kinds.items() if name in call.reads}
    if "config" in kinds:
        arguments["config"] = msgspec.msgpack.decode(call.config, type=kinds["config"])
    return function(**arguments)


@cache
def _function(place: str) -> tuple[Callable[..., Any], Mapping[str, Any]]:
    """A stage's function, and the type of each of its parameters."""
    module, _, name = place.partition(":")
    function = getattr(importlib.import_module(module), name)
    # The types of its parameters say what to decode to, so that the registry need not repeat them.
    hints = typing.get_type_hints(function)
    return function, {parameter: hints[parameter] for parameter in inspect.signature(function).parameters}


@lru_cache(maxsize=1)
def _reader(artifacts: str) -> Reader:
    """Reads the artifact store; kept from job to job, since opening it costs more than a job of a small file."""
    return Reader(Path(artifacts))


class _Layers:
    """What the stages of one file read, each decoded once."""

    def __init__(self, reader: Reader, inputs: FileInputs) -> None:
        self.reader = reader
        self.known: dict[str, Any] = {}
        """Digest -> what it stands for."""
        self._inputs = inputs

    def get(self, name: str, kind: Any) -> Any:
        """What a stage reads under a name, as its parameter's type says."""
        if name == "path":
            return self._inputs.path
        if name == "document":
            return self._document()
        if name == "neighbours":
            return self._inputs.neighbours
        pieces = [digest for _, digest in self._inputs.parts.get(name, ())]
        if name == "facts":
            return [self._decoded(piece, typing.get_args(kind)[0]) for piece in pieces]
        if name == "context":
            return kind.joined(self._decoded(piece, kind) for piece in pieces)
        return self._decoded(pieces[0], kind)

    def _decoded(self, wanted: str, kind: Any) -> Any:
        if wanted not in self.known:
            self.known[wanted] = msgspec.msgpack.decode(self.reader.get(wanted), type=kind)
        return self.known[wanted]

    def _document(self) -> Any:
        """The file's part of the SCIP index, which is kept as the index has it."""
        ((_, wanted),) = self._inputs.parts["document"]
        if not wanted:
            return None
        from codeintel_enrich.formats.scip_wire import decode_slice

        ((_, indexed),) = self._inputs.parts["indexed"]
        kept = msgspec.msgpack.decode(self.reader.get(wanted), type=IndexSlice)
        homes = {symbol: home for home, symbols in kept.homes.items() for symbol in symbols}
        return msgspec.structs.replace(decode_slice(kept.document), content_hash=indexed, homes=homes)
