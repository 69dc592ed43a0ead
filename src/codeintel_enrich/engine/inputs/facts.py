"""Owns what external inputs say of single files: the digests that the keys of their stages are made of."""

from collections.abc import Mapping, Sequence

from codeintel_enrich.engine.inputs.registry import task_of
from codeintel_enrich.engine.state.manifest import External


class Facts:
    """The slices of those external inputs that a build reads."""

    def __init__(self, enabled: Sequence[str], known: Mapping[str, External]) -> None:
        self._known = known
        self._by_stage: dict[str, list[str]] = {"index": [], "check": [], "context": []}
        for name in sorted(enabled):
            self._by_stage[task_of(name).stage].append(name)

    def pieces(self, stage: str, path: str) -> list[tuple[str, str]]:
        """Name and digest of what each external input of a stage says of a file, of those that say something."""
        return [(name, piece) for name in self._by_stage[stage] if (piece := self._piece(name, path))]

    def document(self, path: str) -> tuple[str, str]:
        """Digest of the file's slice of the index, and of the bytes that it describes; both empty without one."""
        document = self._piece("index", path) if self._by_stage["index"] else ""
        return document, self._known["index"].contents.get(path, "") if document else ""

    def _piece(self, name: str, path: str) -> str:
        known = self._known.get(name)
        return known.slices.get(path, "") if known is not None else ""
