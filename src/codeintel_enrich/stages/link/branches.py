"""The conditions of branches that depend on other modules: which alternative runs, as far as the tree tells.

What `parse` can decide from one file (the configured Python version, the platform) is decided there already.
"""

from __future__ import annotations

from collections.abc import Iterable

from codeintel_enrich.model.interface import Branch, ImportBind, Operation, Star
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.abstract_state import AbstractState
from codeintel_enrich.stages.link.dependencies import Dependency, table_dependencies, table_provider
from codeintel_enrich.stages.link.module_table import ModuleTable, absolute, is_standard
from codeintel_enrich.stages.link.openings import Openings
from codeintel_enrich.stages.link.summary import ImportFollower

_PLATFORM_MODULES = frozenset(
    {
        "winreg",
        "msvcrt",
        "winsound",
        "nt",
        "msilib",
        "posix",
        "pwd",
        "grp",
        "fcntl",
        "termios",
        "tty",
        "pty",
        "resource",
    }
    | {"readline", "curses", "dbm", "sqlite3", "tkinter", "ssl", "spwd", "crypt", "syslog", "nis", "ossaudiodev"}
)
"""Modules of the standard library that some platforms or builds lack."""


class BranchConditions:
    """Decides the branches of one module; records what it asks for in `dependencies`."""

    def __init__(
        self,
        name: ModuleName,
        table: ModuleTable,
        follower: ImportFollower,
        openings: Openings,
        dependencies: set[Dependency],
    ) -> None:
        self._name = name
        self._openings = openings
        self._table = table
        self._follower = follower
        self._dependencies = dependencies

    def needs_third_party(self, operations: Iterable[Operation]) -> bool:
        """Whether some statement imports a third party's module: what is guarded so is taken to be optional.

        What is installed is no input of the analysis, since a tree would then mean something else on each machine.
        """
        for operation in operations:
            if isinstance(operation, Branch):
                if any(map(self.needs_third_party, operation.alternatives)):
                    return True
            elif isinstance(operation, (ImportBind, Star)) and not operation.typing_only:
                target = absolute(self._name, operation.level, operation.module)
                if target is not None:
                    self._dependencies.add((table_provider(target.partition(".")[0]), ""))
                    if self._table.is_third_party(target):
                        return True
        return False

    def truth(self, path: str, state: AbstractState) -> bool | None:
        """The truth of a branch's test: a constant of another module, or whether a module is installed; None where that
        depends on more. `path` is as `Branch.test` has it."""
        # An environment variable, or a module of another program: no tree can tell.
        if path == "?":
            return None
        if path.startswith("?"):
            self._dependencies.add((table_provider(path[1:]), ""))
            return True if self._table.has(path[1:]) or is_standard(path[1:]) else None
        target = None if "=" in path else _constant(path, state)
        return None if target is None else self._follower.test(*target, self._dependencies)

    def usual_truth(self, path: str, state: AbstractState) -> bool | None:
        """The usual truth of a test that cannot be decided: that without the environment's wishes, and without the
        module which it depends on."""
        # A machine that has neither the variable nor the module is the usual one: defaults are written for it.
        if path.startswith("?"):
            return False
        name, compared, text = path.partition("=")
        target = _constant(name, state)
        usual = None if target is None else self._follower.usual(*target, self._dependencies)
        if usual is None:
            return None
        value, module = usual
        if module:
            self._dependencies.add((table_provider(module), ""))
            # The tree has it itself: the value for where it is missing is not the usual one.
            if self._table.has(module):
                return None
        return value == text if compared else bool(value)

    def imports_succeed(self, operations: Iterable[Operation]) -> bool | None:
        """Whether every import finds its module; None where that depends on what is installed."""
        certain = True
        for operation in operations:
            if isinstance(operation, Branch):
                verdicts = [self.imports_succeed(alternative) for alternative in operation.alternatives]
                certain &= True in verdicts
            elif isinstance(operation, (ImportBind, Star)) and not operation.typing_only:
                verdict = self._import_succeeds(operation)
                if verdict is False:
                    return False
                certain &= verdict is True
        return True if certain else None

    def _import_succeeds(self, operation: ImportBind | Star) -> bool | None:
        target = absolute(self._name, operation.level, operation.module)
        if target is None:
            return False
        self._dependencies.update(table_dependencies(target))
        if self._table.has(target):
            return True
        if self._table.owns(target):
            return False if self._openings.of(target, self._dependencies) is None else None
        top = target.partition(".")[0]
        # A private module of the standard library is most often its C accelerator, which a build may lack.
        return (is_standard(target) and not top.startswith("_") and top not in _PLATFORM_MODULES) or None


def _constant(path: str, state: AbstractState) -> tuple[str, str] | None:
    """The module, and the name in it, that a path of imported names leads to."""
    root, _, rest = path.partition(".")
    held = state.names.get(root)
    if held is None or len(held.routes) != 1:
        return None
    found = held.routes[0].leads_to(rest)
    return found if found is not None and found[1] else None
