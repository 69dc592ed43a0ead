"""The SCIP index: made by an indexer or handed in, split by document without decoding it."""

import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.engine.inputs.external import ExternalInput, MadeInput, tool_policy
from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.engine.state.manifest import External
from codeintel_enrich.engine.state.state import ENCODER
from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.programs import executable
from codeintel_enrich.model.digest import digest

if TYPE_CHECKING:
    from codeintel_enrich.engine.inputs.environment import Environment


def behind(known: External, contents: Mapping[str, str | None]) -> int:
    """How many files are not as an index saw them; `contents` are the digests of all files."""
    return sum(known.contents.get(path) != now for path, now in contents.items() if path not in known.left_out)


class IndexInput(ExternalInput):
    """The index that symbols come from.

    An indexer looks at a whole project and takes seconds to minutes after any edit, so by default (`refresh =
    "missing"`) an index stays until somebody asks for a new one; `stitch` knows what moved since.
    """

    name = "index"
    stage = "index"

    @cached_property
    def task(self) -> TaskName:
        """The task that makes it; there is only one index."""
        return TaskName("index")

    @cached_property
    def title(self) -> str:
        """As people call it."""
        return "SCIP index"

    @property
    def _tool(self) -> str:
        return self.state.project.config.index.tool

    @property
    def is_wanted(self) -> bool:
        """Whether the build reads it."""
        options = self.state.options
        return options.scip is not None or (options.index and self.state.project.config.index.refresh != "never")

    def handed_in(self) -> Path | None:
        """The file of `--scip`."""
        return self.state.options.scip

    def missing(self) -> str | None:
        """Why it cannot be made on this machine."""
        if self.handed_in() is not None or executable(self._tool):
            return None
        return f"{self._tool} is not installed; pip install 'codeintel-enrich[scip]', or say --no-index"

    def policy(self) -> object:
        """The indexer and what surrounds the tree, or the file that was handed in."""
        given = self.given()
        if given is not None or self._stays:
            return tool_policy(self.name, self._tool, given)
        from codeintel_enrich.engine.inputs.surroundings import index_stamps

        around = index_stamps(self.state.places.root)
        return tool_policy(self.name, self._tool, None), self.state.trusted, around

    @property
    def _stays(self) -> bool:
        """Whether an index that there is stands, whatever changed since."""
        return self.state.project.config.index.refresh == "missing"

    @cached_property
    def _environment(self) -> "Environment | None":
        from codeintel_enrich.engine.inputs.surroundings import usable_environment

        return usable_environment(self.state.places.root, {}, trusted=self.state.trusted)

    @cached_property
    def _around(self) -> str:
        """Digest of what an indexer would read beside the files."""
        from codeintel_enrich.engine.inputs.surroundings import index_settings
        from codeintel_enrich.engine.inputs.tools import find_tool

        tool, found = find_tool(self._tool), self._environment
        settings = index_settings(self.state.places.root, trusted=self.state.trusted)
        installed = found.digest() if found is not None else None
        return config_digest(self._tool, tool.version if tool else None, settings, installed)

    def made_from(self) -> str:
        """The bytes of the index: the one that was handed in, else the one that the last run of the indexer left."""
        try:
            return f"file {digest((self.given() or self.state.places.index).read_bytes())}"
        except OSError:
            return ""

    def is_due(self) -> bool:
        """Whether it has to be made now, by its refresh policy."""
        if self.handed_in() is not None:
            return super().is_due()
        if self.state.options.refresh_index:
            return True
        known = self.state.manifest.externals.get(self.name)
        if known is None or not known.key:
            key = self.made_from()
            known = self.state.restore_external(self.name, self.task_inputs(key)) if key else None
        if known is None or self._stays:
            return known is None
        return behind(known, self.state.contents) > 0 or known.around != self._around

    def make(self) -> MadeInput:
        """Run the indexer on a copy of the files."""
        from codeintel_enrich.engine.inputs.tools import make_index

        config = self.state.project.config.index
        # Asked before the run: what is installed meanwhile must leave the index due again.
        around = self._around
        run = make_index(
            self.state.places.root,
            sorted(self.state.files),
            self.state.places.index,
            # Outside the tree: checkers that run at the same time must not meet the copy.
            Path(tempfile.mkdtemp(prefix="codeintel-enrich-")),
            tool=config.tool,
            roots=self.state.project.config.roots,
            trusted=self.state.trusted,
            timeout=config.timeout_seconds,
        )
        made = self._split_index(self.state.places.index, run.content_hashes, dict(run.left_out))
        return made._replace(external=msgspec.structs.replace(made.external, around=around))

    def read(self, given: Path) -> MadeInput:
        """Read the index that was handed in. Raises UsageError where it describes none of our files."""
        made = self._split_index(given, {}, {})
        files, slices = self.state.files, made.external.slices
        # Taken as it is, it would give no file a symbol, and nothing would say why.
        if files and slices.keys().isdisjoint(files):
            raise UsageError(
                f"{given} is of another tree: it describes none of the files below {self.state.places.root} "
                f"(but {min(slices, default='no file at all')}). Make it anew from there, or leave it out."
            )
        return made

    def _split_index(self, path: Path, contents: dict[str, str], left_out: dict[str, str]) -> MadeInput:
        from codeintel_enrich.formats.scip import open_index

        slices: dict[str, str] = {}
        homes: dict[str, tuple[str, ...]] = {}
        fresh: dict[str, Artifact] = {}
        with open_index(path) as reader:
            left_out = {**dict(reader.left_out), **left_out}
            # Also of files that are not there now: they may come back while the index stays.
            for name, kept in reader.slices():
                piece = ENCODER.encode(kept)
                slices[name] = digest(piece)
                homes[name] = tuple(kept.homes)
                # An index names every document again and again; packing what is kept already would be in vain.
                if not self.state.artifacts.has(slices[name]):
                    fresh[name] = Artifact.of(piece)
            producer = f"{reader.metadata.tool} {reader.metadata.version}".strip()
        made_from = f"file {digest(path.read_bytes())}"
        listing = Artifact.of(ENCODER.encode(homes))
        external = External(self.stage, made_from, slices, contents, producer, left_out, listing.digest)
        return MadeInput(external, [*fresh.values(), listing])
