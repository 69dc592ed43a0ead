"""The job of `link`, as a worker does it: every interface in, each module linked out, its own state kept beside.

What the job needs in memory grows with the repository; it is given back when its process ends.
"""

import contextlib
from pathlib import Path

import msgspec

from codeintel_enrich.engine.run.jobs import ENCODER, LinkDone, LinkJob
from codeintel_enrich.engine.state.artifacts import Artifact, Reader
from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.model.digest import digest


def link_job(encoded: bytes) -> list[bytes]:
    """An encoded `LinkJob` -> an encoded `LinkDone`."""
    return [ENCODER.encode(run_link(msgspec.msgpack.decode(encoded, type=LinkJob)))]


class LinkRecord(msgspec.Struct):
    """What `link` keeps between runs, beside its own state, which follows it in the same file."""

    settings: str
    linked: dict[str, str]
    """Path -> digest of what was said of it, in that state."""
    state: str
    """Digest of the state's bytes."""


def run_link(job: LinkJob) -> LinkDone:
    """Link all modules. Raises CorruptArtifactError where an interface is missing or damaged."""
    from codeintel_enrich.engine.state.discovery import kept_by
    from codeintel_enrich.engine.state.surroundings import Providers, Surroundings
    from codeintel_enrich.model.interface import Interface
    from codeintel_enrich.model.linked_folders import with_links
    from codeintel_enrich.model.module_table import module_table
    from codeintel_enrich.stages.link import LinkState, link

    warnings: list[str] = []
    with contextlib.closing(Reader(Path(job.artifacts))) as artifacts:
        record, state = _load_record(job, artifacts, warnings)
        interfaces = msgspec.msgpack.Decoder(Interface)
        around = msgspec.msgpack.decode(job.around, type=Surroundings)

        def load(path: str) -> Interface:
            return interfaces.decode(artifacts.get(job.interfaces[path]))

        def extends(path: str) -> bool:
            # A path that leads through a link is none that was parsed.
            return path in job.interfaces and load(path).extends_path == "roots"

        names, others = with_links(job.interfaces, job.links, lambda paths: module_table(paths, job.roots, extends))
        result = link(
            LinkState.decode(state) if state else None,
            names,
            job.interfaces,
            load,
            job.config,
            others,
            Providers(around, kept_by(around)).why,
        )
    # `link` answers only for what it looked at again; for all other modules the former answer stands.
    table = {path: name for path, name in record.linked.items() if path not in result.removed}
    fresh: dict[str, Artifact] = {}
    for path, made in result.linked_modules.encoded.items():
        table[path] = made.digest
        fresh[made.digest] = Artifact.of(made.data, made.digest)
    state = result.state.encode()
    # Head and state have digests of their own: a run of other settings needs the head alone to see that.
    head = msgspec.msgpack.encode(LinkRecord(job.settings, table, digest(state)))
    size = len(head).to_bytes(8, "big")
    replace_file(Path(job.state_file), digest(head).encode(), size, head, state)
    return LinkDone(dict(sorted(table.items())), list(fresh.values()), warnings)


def _load_record(job: LinkJob, artifacts: Reader, warnings: list[str]) -> tuple[LinkRecord, bytes]:
    """What the last `link` kept, and its state; empty ones when there are none, damaged, or of other settings."""
    nothing = LinkRecord(job.settings, {}, ""), b""
    try:
        data = Path(job.state_file).read_bytes()
    except FileNotFoundError:
        return nothing
    end = 40 + int.from_bytes(data[32:40], "big")
    try:
        if data[:32] != digest(data[40:end]).encode():
            raise msgspec.DecodeError
        record = msgspec.msgpack.decode(data[40:end], type=LinkRecord)
        state = data[end:]
        if digest(state) != record.state:
            raise msgspec.DecodeError
    except msgspec.DecodeError:
        warnings.append(f"{job.state_file}: truncated or damaged; everything is linked anew")
        return nothing
    # A state whose modules were dropped from the artifacts could answer with digests of nothing.
    if record.settings == job.settings and artifacts.digests().issuperset(record.linked.values()):
        return record, state
    return nothing
