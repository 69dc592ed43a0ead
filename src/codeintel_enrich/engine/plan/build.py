"""One build from its first look to its end: whether there is anything to do, the lock, and what is remembered.

    settled? (no lock) -> begin (lock, hash what changed) -> what is due -> [run] -> finish (remember)

It runs nothing itself.
"""

import time
from collections.abc import Callable
from functools import cached_property

from codeintel_enrich.engine.inputs.registry import ExternalInputs
from codeintel_enrich.engine.plan.due import due_analyses, due_first_stages, merge_is_due
from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.engine.state.state import State
from codeintel_enrich.errors import UsageError


class Build:
    """One repository, one cache, one run."""

    def __init__(self, options: Options, notify: Callable[[str], None] = lambda message: None) -> None:
        """`notify` gets messages for people while the build goes on. Raises UsageError for faulty settings."""
        self.started = time.perf_counter()
        self.state = State(options)
        self.inputs = ExternalInputs(self.state)
        self.has_begun = False
        self._notify = notify
        self._lock = CacheLock(self.state.places.cache)

    @property
    def fingerprint(self) -> str:
        """Digest of everything but files that decides what a finished build looks like."""
        # Grammars count by the languages that the tree has: one more that is installed changes nothing for other trees.
        return config_digest(self._asked, self.state.tree.grammars, self.state.tree.surroundings)

    @cached_property
    def _asked(self) -> str:
        # Asked once, before anything runs: a report or a tool that is replaced while the build goes on is then another
        # one for the next run. (Ninja records the time at which a command began, for the same reason.)
        state, config = self.state, self.state.project.config
        return config_digest(
            state.settings.digests,
            self.inputs.policy(),
            (state.options.only, config.include, config.exclude, config.submodules),
            state.places.name(state.places.out),
        )

    @cached_property
    def settled(self) -> bool:
        """Whether there is nothing to do, found out without a lock and without opening a source file."""
        state = self.state
        # The walk comes first: which grammars count is known by the files that there are.
        state.look()
        return (
            state.manifest.settled == self.fingerprint
            and not state.options.refresh_index
            and not state.options.check
            and not state.is_unfinished
            and state.tree.is_as_known()
            and not state.tampered
        )

    def begin(self) -> None:
        """Take the lock, hash what changed, and be ready to say what is due.

        Raises LockedError, or UsageError when the cache folder is not ours, or the output folder holds what is not.
        """
        started = time.perf_counter()
        state = self.state
        _ = self.settled
        state.places.prepare_cache()
        self._lock.acquire(state.project.config.lock_wait_seconds, self._notify)
        try:
            self._refuse_foreign_files()
            # Whoever waited for the lock waited for a build: what it read of the manifest before is old then.
            state.look_again()
            state.open(self.fingerprint)
        except BaseException:
            self._lock.release()
            raise
        self.has_begun = True
        state.account.spend("hash", time.perf_counter() - started)

    def _refuse_foreign_files(self) -> None:
        """Raises UsageError where something that is not ours lies where published files are to go."""
        places, cst_out = self.state.places, self.state.project.config.cst_out
        # All that lies in the cache is ours.
        if places.out.is_relative_to(places.cache) and cst_out is None:
            return
        from codeintel_enrich.publish.claims import Claims
        from codeintel_enrich.publish.outputs import foreign_files

        try:
            found = foreign_files(places.root, places.out, cst_out, Claims(places.cache))
        except OSError as error:
            raise UsageError(f"{places.out}: cannot be looked through ({error}); choose another folder") from error
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            raise UsageError(
                f"{found[0]}{more}: in the way, and not as we wrote it; move it away, "
                "or choose another place with --out or --cst-out"
            )

    def preview(self) -> None:
        """Begin without lock and without writing anything: enough to find out what is due, not to do it."""
        self.state.look()
        self.state.open_snapshot(self.fingerprint)

    def finish(self) -> None:
        """Remember what was learned, and let go of the cache. Harmless when the build never began."""
        if not self.has_begun:
            return
        self.has_begun = False
        started = time.perf_counter()
        try:
            # A run that failed or was asked for less keeps what it found out, too; it only must not say that nothing is
            # left.
            self.state.save(self.fingerprint if self._everything_is_done() else "")
        finally:
            self._lock.release()
        self.state.account.spend("remember", time.perf_counter() - started)

    def _everything_is_done(self) -> bool:
        """Whether nothing is due; a run of selected tasks may have left out what others would have found due."""
        state = self.state
        return (
            # In the order of their cost: most builds that are not done are known by the first lines.
            not state.open_tasks
            and not state.account.failed_tools
            and all(str(self.inputs.wanted[name].task) in state.account.ran for name in self.inputs.due())
            and not due_first_stages(state, "module")
            and not due_first_stages(state, "document")
            and state.manifest.link.key == state.link_inputs().key
            and not due_analyses(state)
            and not merge_is_due(state)
        )
