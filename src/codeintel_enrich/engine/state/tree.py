"""The tree as the file system shows it, beside what is known of its files: what changed, and reading it anew."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from codeintel_enrich.engine.rules.config import Config, config_digest
from codeintel_enrich.engine.state.discovery import Scan, scan
from codeintel_enrich.engine.state.journal import Journal
from codeintel_enrich.engine.state.manifest import FileState, Manifest
from codeintel_enrich.engine.state.outlining import grammars_of, leave_out
from codeintel_enrich.engine.state.places import Places
from codeintel_enrich.errors import rule_out_machine
from codeintel_enrich.files.stat import Found, read_file
from codeintel_enrich.model.digest import digest
from codeintel_enrich.stages.outline import language_of

UNREADABLE = "unreadable: "
"""What stands before the reason in place of the digest of a file that could not be read."""


class Reread(NamedTuple):
    """What reading a file came to."""

    data: bytes | None
    """None where it cannot be read, or is gone."""
    is_new: bool
    """Whether the bytes are others than those known before."""


class Tree:
    """One look at a tree. What is known of its files is in the manifest, which is kept up to date."""

    def __init__(self, root: str, seen: Scan, manifest: Manifest, journal: Journal) -> None:
        self._root = root
        self.seen = seen
        self.grammars = grammars_of(seen.outlined)
        """Language of the files that have an outline only -> its grammar with its version."""
        self.surroundings = config_digest(seen.around)
        """Digest of what speaks for modules that are not in the tree."""
        self._manifest = manifest
        self._files = manifest.files
        self._outlined = manifest.outlined
        self._journal = journal

    def changed(self) -> list[str]:
        """Files whose signature is not the remembered one, or whose signature cannot be relied on."""
        kinds: tuple[tuple[Mapping[str, Found], Mapping[str, FileState]], ...] = (
            (self.seen.files, self._files),
            (self.seen.outlined, self._outlined),
        )
        return [
            path
            for seen, known in kinds
            for path, found in seen.items()
            if (state := known.get(path)) is None
            or state.found != found
            or state.racy
            or self._became_readable(path, state)
        ]

    def _became_readable(self, path: str, state: FileState) -> bool:
        """Whether a file can be read that could not: who runs the build, or a folder above, may be another."""
        return state.content.startswith(UNREADABLE) and os.access(f"{self._root}/{path}", os.R_OK)

    def is_as_known(self) -> bool:
        """Whether there are exactly the files and links that are known, all unchanged."""
        return (
            # Counted first: where a file came or went, no signature need be compared.
            len(self.seen.files) == len(self._files)
            and len(self.seen.outlined) == len(self._outlined)
            and self.seen.links == self._manifest.links
            and not self.changed()
        )

    def relink(self) -> bool:
        """Remember where links lead; returns whether that is news."""
        is_new = self.seen.links != self._manifest.links
        self._manifest.links = self.seen.links
        return is_new

    def forget_vanished(self) -> bool:
        """Forget files that are no longer there; returns whether there were any."""
        vanished = [
            *(path for path in self._files if path not in self.seen.files),
            *(path for path in self._outlined if path not in self.seen.outlined),
        ]
        for path in vanished:
            self._forget(path)
            self._journal.removed.add(path)
        return bool(vanished)

    def read(self, path: str) -> Reread:
        """Read one file and remember its signature and digest; one that is gone is forgotten."""
        data: bytes | None = None
        try:
            data, found, racy = read_file(f"{self._root}/{path}")
            content = digest(data)
        # It was there when the folder was listed, and somebody took it away since.
        except FileNotFoundError:
            self._forget(path)
            return Reread(None, True)
        except OSError as error:
            rule_out_machine(error, path)
            found, racy = self.seen.files.get(path) or self.seen.outlined[path], False
            # Stands for the digest, so that a file which becomes readable is another than before, and one that stays
            # unreadable is not looked at twice.
            content = f"{UNREADABLE}{error.strerror}"
        known = self._outlined if path in self.seen.outlined else self._files
        state = known.get(path)
        if state is None:
            known[path] = FileState(found, racy, content)
            self._journal.added.add(path)
            return Reread(data, True)
        # Also where the bytes are the same: a touched file would be hashed again at every run otherwise.
        state.found, state.racy = found, racy
        if state.content == content:
            return Reread(data, False)
        self._replace_content(path, state, content)
        return Reread(data, True)

    def _replace_content(self, path: str, state: FileState, content: str) -> None:
        """Take other bytes; what was made of the former ones, by the stage that reads bytes, is forgotten."""
        self._journal.note(path, "content", state.content)
        first = "parse" if path in self._files else "outline"
        self._journal.note(path, first, state.stage(first).key)
        state.content = content
        state.stages.pop(first, None)

    def _forget(self, path: str) -> None:
        for known in (self._files, self._outlined, self.seen.files, self.seen.outlined):
            known.pop(path, None)


def look(places: Places, config: Config, only: Sequence[str], manifest: Manifest, journal: Journal) -> Tree:
    """Find out which files there are, without opening one. Raises UsageError for a bad pattern."""
    seen = scan(
        places.root,
        include=config.include,
        exclude=config.exclude,
        only=only,
        skip=places.skipped(),
        submodules=config.submodules,
        all_tracked=places.all_tracked,
        claims=language_of,
        decisions=manifest.decisions,
    )
    leave_out(seen, config.max_file_bytes)
    return Tree(str(places.root), seen, manifest, journal)
