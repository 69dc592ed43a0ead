"""Owns the judging of branches that depend on other modules: which alternative runs, as far as the tree tells."""

from __future__ import annotations

from collections.abc import Iterable

from codeintel_enrich.model.interface import Branch, ImportBind, Operation, Star
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import table_fact, table_facts
from codeintel_enrich.stages.link.names import Names
from codeintel_enrich.stages.link.sketch import Chaser
from codeintel_enrich.stages.link.table import Table, absolute, is_standard

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


class Judge:
    """Judges the branches of one module; adds the facts it asks for to `facts`."""

    def __init__(self, name: ModuleName, table: Table, chaser: Chaser, facts: set[tuple[str, str]]) -> None:
        self._name = name
        self._table = table
        self._chaser = chaser
        self._facts = facts

    def is_foreign(self, operations: Iterable[Operation]) -> bool:
        """Whether some statement imports a third party's module: what is guarded so is taken to be optional."""
        for operation in operations:
            if isinstance(operation, Branch):
                if any(map(self.is_foreign, operation.alternatives)):
                    return True
            elif isinstance(operation, (ImportBind, Star)) and not operation.typing_only:
                target = absolute(self._name, operation.level, operation.module)
                if target is not None:
                    self._facts.add((table_fact(target.partition(".")[0]), ""))
                    if self._table.is_foreign(target):
                        return True
        return False

    def test(self, path: str, state: Names) -> bool | None:
        """The truth of a branch's test: a constant of another module, or whether a module is installed; None where that
        depends on more."""
        if path == "?":
            return None
        if path.startswith("?"):
            self._facts.add((table_fact(path[1:]), ""))
            return True if self._table.has(path[1:]) or is_standard(path[1:]) else None
        target = None if "=" in path else self._constant(path, state)
        return None if target is None else self._chaser.test(*target, self._facts)

    def usual_test(self, path: str, state: Names) -> bool | None:
        """The usual truth of a test that cannot be judged: that without the environment's wishes, and without the
        module which it depends on."""
        if path.startswith("?"):
            return False
        name, compared, text = path.partition("=")
        target = self._constant(name, state)
        usual = None if target is None else self._chaser.usual(*target, self._facts)
        if usual is None:
            return None
        value, module = usual
        if module:
            self._facts.add((table_fact(module), ""))
            if self._table.has(module):
                return None
        return value == text if compared else bool(value)

    @staticmethod
    def _constant(path: str, state: Names) -> tuple[str, str] | None:
        """The module, and the name in it, that a path of imported names leads to."""
        root, _, rest = path.partition(".")
        held = state.names.get(root)
        if held is None or len(held.routes) != 1:
            return None
        route = held.routes[0]
        inner = (route.name, route.rest, rest) if route.how == "from" else (route.rest, rest)
        attribute = ".".join(part for part in inner if part)
        return (route.module, attribute) if route.how in ("from", "module") and attribute else None

    def imports_succeed(self, operations: Iterable[Operation]) -> bool | None:
        """Whether every import finds its module; None where that depends on what is installed."""
        certain = True
        for operation in operations:
            if isinstance(operation, Branch):
                verdicts = [self.imports_succeed(alternative) for alternative in operation.alternatives]
                if True not in verdicts:
                    certain = False
                continue
            if not isinstance(operation, (ImportBind, Star)) or operation.typing_only:
                continue
            target = absolute(self._name, operation.level, operation.module)
            if target is None:
                return False
            self._facts.update(table_facts(target))
            if self._table.has(target):
                continue
            if self._table.owns(target):
                return False
            top = target.partition(".")[0]
            certain &= is_standard(target) and not top.startswith("_") and top not in _PLATFORM_MODULES
        return True if certain else None
