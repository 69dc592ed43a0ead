"""Owns one file's way through the stages after `link`: what each of them reads, and how they run inside a worker.

The scheduler's process sends digests, the worker reads the bytes itself: what crosses the border is small, and a
layer that one stage made is at hand for the next.
"""

import time
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.rules.keys import Inputs, Sources
from codeintel_enrich.engine.rules.stages import AnalysisStage
from codeintel_enrich.engine.state.artifacts import Artifact, Reader
from codeintel_enrich.model.config import EmitConfig

ENCODER = msgspec.msgpack.Encoder()
"""Stages build their tables in a defined order; encoding keeps it."""


class AnalyseJob(msgspec.Struct, frozen=True):
    """What a worker is told of one file."""

    artifacts: str
    stages: list[AnalysisStage]
    """Those to run, in their order."""
    settings: dict[str, str]
    sources: Sources
    emit: EmitConfig


class StageDone(msgspec.Struct, frozen=True):
    """What became of one stage."""

    stage: AnalysisStage
    inputs: Inputs
    output: str
    """Digest of what came out."""
    made: Artifact | None
    """What came out; None where an earlier run had recorded it, so that the stage did not run."""
    seconds: float


def analyse(job: AnalyseJob) -> list[StageDone]:
    """Run the stages of one file, each unless a recorded run has the key of what it reads now.

    Raises CorruptArtifactError where a layer is missing or damaged.
    """
    layers = _Layers(job.artifacts, job.sources)
    done: list[StageDone] = []
    for stage in job.stages:
        started = time.perf_counter()
        inputs = job.sources.inputs(stage, job.settings[stage])
        outputs = layers.reader.lookup(inputs.key)
        made: Artifact | None = None
        if outputs is None:
            layer = _run(stage, layers, job)
            made = Artifact.of(ENCODER.encode(layer))
            outputs = (made.digest,)
            layers.known[made.digest] = layer
        job.sources.take(stage, outputs[0])
        done.append(StageDone(stage, inputs, outputs[0], made, time.perf_counter() - started))
    return done


def _run(stage: AnalysisStage, layers: "_Layers", job: AnalyseJob) -> Any:
    from codeintel_enrich.model.syntax import Syntax

    sources, get = job.sources, layers.get
    syntax = get(sources.syntax, Syntax)
    if stage == "types":
        from codeintel_enrich.model.types import FileFacts
        from codeintel_enrich.stages.types import attach_types

        return attach_types(syntax, [get(facts, FileFacts) for _, facts in sources.facts])
    from codeintel_enrich.model.interface import Interface
    from codeintel_enrich.model.linked import LinkedModule
    from codeintel_enrich.model.qualified import Qualified

    interface, linked = get(sources.interface, Interface), get(sources.linked, LinkedModule)
    if stage == "qualify":
        from codeintel_enrich.stages.qualify import qualify

        return qualify(syntax, interface, linked)
    qualified = get(sources.qualified, Qualified)
    if stage == "stitch":
        from codeintel_enrich.stages.stitch import stitch

        return stitch(syntax, interface, qualified, linked, layers.document())
    from codeintel_enrich.model.context import FileContext
    from codeintel_enrich.model.stitched import Stitched
    from codeintel_enrich.model.types import Types
    from codeintel_enrich.stages.emit import emit

    stitched, types = get(sources.stitched, Stitched), get(sources.types, Types)
    context = FileContext.joined(get(piece, FileContext) for _, piece in sources.context)
    return emit(sources.path, syntax, interface, linked, qualified, stitched, types, context, job.emit)


class _Layers:
    """The layers of one file, each decoded once."""

    reader: Reader
    """Of the artifact store; kept from job to job."""
    _path = ""

    def __init__(self, artifacts: str, sources: Sources) -> None:
        if artifacts != _Layers._path:
            _Layers.reader, _Layers._path = Reader(Path(artifacts)), artifacts
        self.known: dict[str, Any] = {}
        self._sources = sources

    def get(self, wanted: str, kind: type[Any]) -> Any:
        if wanted not in self.known:
            self.known[wanted] = msgspec.msgpack.decode(self.reader.get(wanted), type=kind)
        return self.known[wanted]

    def document(self) -> Any:
        if not self._sources.document:
            return None
        from codeintel_enrich.formats.scip_wire import decode_slice

        decoded = decode_slice(self.reader.get(self._sources.document))
        return msgspec.structs.replace(decoded, content_hash=self._sources.indexed)
