"""Statements at module level that decide what runs: `if`, `try`, loops, `with`, `match`.

This is an abstract interpreter of one pass: each alternative is run with what was known before the statement, and
afterwards only that is known which holds after every alternative that goes on. It knows nothing of other modules: what
an import or a star gives is for `link` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import libcst as cst
import msgspec

from codeintel_enrich.model.interface import AllOperation, Bind, Branch, Delete, ImportBind, Operation, Star
from codeintel_enrich.stages.parse.cst_helpers import compared_pair, dotted, inside, pattern_names, target_names
from codeintel_enrich.stages.parse.interface.aliases import aliases
from codeintel_enrich.stages.parse.interface.imports import When, expects_import_errors, handles_import_errors
from codeintel_enrich.stages.parse.interface.known import KnownState, third_party
from codeintel_enrich.stages.parse.interface.lazy import getattr_names
from codeintel_enrich.stages.parse.interface.straight_line import StraightLine
from codeintel_enrich.stages.parse.interface.values import bind_target
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.tree import ParsedTree

_UNROLLED = 2_000
"""Rounds of a loop that sets names by string; beyond, it is run through once."""
_Suite = tuple[tuple[Operation, ...], bool]
"""The operations of a suite, and whether it ends in a `raise`."""
_BranchKind = Literal["if", "try", "import", "loop"]


class _Chain(NamedTuple):
    """An `if` with its `elif` and `else`, while it is run through."""

    alternatives: list[_Suite]
    """Those that may run."""
    tests: list[str | None]
    """As `Branch.test`, of the alternatives that were not judged; `!` before it where it is negated."""
    after: list[KnownState]
    """What is known after each alternative."""
    ruled_out: list[cst.BaseSuite]


class ModuleReader(StraightLine):
    """The module-level statements, run through once."""

    def __init__(self, tree: ParsedTree) -> None:
        super().__init__(tree)
        self._handlers: dict[type[cst.CSTNode], Callable[[Any], bool | None]] = {
            cst.SimpleStatementLine: lambda node: self.suite(node.body),
            cst.Import: self.on_import,
            cst.ImportFrom: self.on_import_from,
            cst.LazyImport: self.on_import,
            cst.LazyImportFrom: self.on_import_from,
            cst.Assign: self.on_assign,
            cst.AnnAssign: self.on_annotated,
            cst.AugAssign: self.on_augmented,
            cst.TypeAlias: self.on_type_alias,
            cst.Del: self.on_del,
            cst.Expr: self.on_expression,
            cst.Assert: lambda node: self.walrus(node.test),
            cst.Raise: lambda node: True,
            cst.FunctionDef: self.on_function,
            cst.ClassDef: self.on_class,
            cst.If: self._if,
            cst.Try: self._try,
            cst.TryStar: self._try,
            cst.For: self._for,
            cst.While: self._while,
            cst.With: self._with,
            cst.Match: self._match,
        }

    def suite(self, body: Iterable[cst.CSTNode]) -> bool:
        """Run statements in order; True where they end in a `raise`."""
        statements = iter(body)
        for node in statements:
            handler = self._handlers.get(type(node))
            if handler is not None and handler(node):
                # Behind a `raise`: what it binds is kept apart, as for another platform it may be what runs.
                self._under("never", statements)
                return True
        return False

    def finish(self) -> None:
        """Add what the whole module decides: lazy names, and names that only functions bind."""
        if self.getattr_function is not None:
            table = getattr_names(self.getattr_function, self.values)
            self.lazy_names.update(table)
            self.dynamic_getattr |= not table
        for name, function in self.all_changers.items():
            if name not in self.all_changers_used:
                self.change_all([AllOperation("dynamic", reason=f"`{name}` changes it when called")], function)
        # A function that nothing here calls may be called by others: what it binds counts where nothing else does.
        known = {operation.name for operation in self.operations if isinstance(operation, (Bind, ImportBind))}
        for operation in (*self.nested.globals, *(found for bound in self.globals_of.values() for found in bound)):
            if operation.name not in known and operation.name not in self.lazy_names:
                known.add(operation.name)
                self.operations.append(msgspec.structs.replace(operation, certain=False))

    # -- branches ---------------------------------------------------------------------------------------------------

    def _apart(self, body: Iterable[cst.CSTNode], guarded: bool = False) -> _Suite:
        """The operations of a suite that may run, and whether it ends in a `raise`."""
        # Into a list of its own, of which the caller makes one alternative.
        outer, self.operations = self.operations, []
        was_guarded, self.guarded = self.guarded, self.guarded or guarded
        ended = self.suite(body)
        self.guarded = was_guarded
        found, self.operations = tuple(self.operations), outer
        return found, ended

    def _under(self, when: When, body: Iterable[cst.CSTNode]) -> None:
        """Run a suite that does not run: what it binds is for type checkers, or for nobody.

        What it makes known is forgotten, but where type checkers run it: there the names keep the modules that they
        were imported from, as annotations and casts mean those.
        """
        before, self.when = self.when, when if self.when == "runtime" else self.when
        outer = self.operations
        known, origins = self.values.state(), dict(self.values.origins)
        relatives = set(self.values.relatives)
        self.operations = []
        self.suite(body)
        bindings = [found for found in self.operations if isinstance(found, (Bind, ImportBind, Star, Branch))]
        if self.when in ("main", "never"):
            self.inactive.extend(found for found in bindings if not isinstance(found, Star))
        else:
            outer.extend(bindings)
            origins = {**self.values.origins, **origins}
        self.operations = outer
        self.values.restore(known)
        self.values.origins, self.values.relatives = origins, relatives
        self.when = before

    def _branch(self, alternatives: list[_Suite], kind: _BranchKind, test: str | None = None) -> bool:
        """Add the alternatives that do not raise; True where all do."""
        going = [operations for operations, ended in alternatives if not ended]
        # A test picks one of two alternatives, and one of them may be gone.
        if len(going) < len(alternatives):
            test = None
        if not going:
            # Nothing else could run, so what it binds before it raises is all that there is.
            if len(alternatives) == 1:
                self.operations.extend(alternatives[0][0])
            return True
        if len(going) == 1:
            self.operations.extend(going[0])
        elif any(going):
            self.operations.append(Branch(tuple(going), kind, test))
        return False

    def _if(self, node: cst.If) -> bool:
        before = self.values.state()
        chain = _Chain([], [], [], [])
        rest: cst.If | cst.Else | None = node
        ruled_out: When = "never"
        always = False
        while isinstance(rest, cst.If):
            self.walrus(rest.test)
            verdict = False if always else self.values.truth(rest.test)
            if verdict is not None and _asks_for_main(rest.test):
                ruled_out = "main"
            if verdict is False:
                chain.ruled_out.append(rest.body)
                # `if TYPE_CHECKING`, and what stands in it: false at run time, and not for a type checker.
                checked = not always and self.values.truth(rest.test, typing=True) is not False
                self._under("typing" if checked else ruled_out, rest.body.body)
            else:
                if verdict is None:
                    chain.tests.append(self._usual_test(rest.test) or self._linked_test(rest.test))
                always = verdict is True
                tested = self.values.state()
                self._add_alternative(chain, rest.body)
                if not always:
                    self.values.restore(tested)
            rest = rest.orelse
        if rest is not None and always:
            self._under(ruled_out, rest.body.body)
        elif not always:
            self._add_alternative(chain, rest.body if rest is not None else None)
        self._join(chain, before)
        if not self._branch_by(chain.tests, chain.alternatives):
            return False
        # Everything else raises: the module is for another platform or version, so read it as it is there.
        return self.guarded or not chain.ruled_out or self.suite(chain.ruled_out[0].body)

    def _add_alternative(self, chain: _Chain, body: cst.BaseSuite | None) -> None:
        chain.alternatives.append(((), False) if body is None else self._apart(body.body))
        chain.after.append(self.values.state())

    def _join(self, chain: _Chain, before: KnownState) -> None:
        """Know what holds after all alternatives of a chain."""
        if len(chain.alternatives) < 2:
            return
        usual, module = _usual_alternative(chain.tests)
        if usual is not None and chain.alternatives[usual][1]:
            usual = None
        going = [state for state, (_, ended) in zip(chain.after, chain.alternatives, strict=True) if not ended]
        self.values.join(before, going, None if usual is None else chain.after[usual], module)

    def _branch_by(self, tests: list[str | None], alternatives: list[_Suite]) -> bool:
        """Add the alternatives of a chain of tests, one fewer than these; True where all raise."""
        if not any(tests) or any(ended for _, ended in alternatives[:-1]):
            return self._branch(alternatives, "if")
        # A `Branch` has one test, so a chain becomes branches in each other, from the last one on.
        *tested, rest = alternatives
        outer = self.operations
        for test, alternative in zip(reversed(tests), reversed(tested), strict=True):
            self.operations = []
            pair = [alternative, rest]
            if test is not None and test.startswith("!"):
                pair.reverse()
            ended = self._branch(pair, "if", test.removeprefix("!") if test else None)
            rest = tuple(self.operations), ended
        self.operations = outer
        outer.extend(rest[0])
        return rest[1]

    def _linked_test(self, test: cst.BaseExpression) -> str | None:
        """The path of an imported constant that is the whole test, or compared with a string; `!` before it where it is
        negated."""
        negated, text = False, ""
        pair = compared_pair(test)
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            negated, test = True, test.expression
        elif pair is not None:
            # `x is None` asks as `not x` does: what may be missing is a module or a function where it is not None.
            negated = isinstance(pair.operator, (cst.Is, cst.NotEqual))
            if isinstance(pair.operator, (cst.Equal, cst.NotEqual)):
                value = self.values.evaluate(pair.right)
                text = f"={value}" if isinstance(value, str) else ""
            if text or (dotted(pair.right) == "None" and isinstance(pair.operator, (cst.Is, cst.IsNot))):
                test = pair.left
        path = dotted(test)
        if path is None or not self.values.is_imported(path.partition(".")[0]):
            return None
        return f"!{path}{text}" if negated else f"{path}{text}"

    def _usual_test(self, test: cst.BaseExpression) -> str | None:
        """`?` where the environment has to ask for the first alternative, `!?` where it has to for the other one;
        behind it the module that is to be installed for it, if there is one."""
        verdict = self.values.usual_truth(test)
        if verdict is None:
            return None
        module = min(self.values.assumed, default="")
        return f"!?{module}" if verdict else f"?{module}"

    def _try(self, node: cst.Try | cst.TryStar) -> bool:
        handled, only_imports = handles_import_errors(node.handlers)
        before = self.values.state()
        # `else` runs where the body did not fail, so it belongs to that alternative.
        suite = [*node.body.body, *(node.orelse.body.body if node.orelse is not None else ())]
        body, body_ended = self._apart(suite, handled)
        handlers: list[_Suite] = []
        after = [self.values.state()]
        for handler in node.handlers:
            self.values.restore(before)
            name = handler.name.name if handler.name is not None else None
            found, ended = self._apart(handler.body.body)
            if isinstance(name, cst.Name):
                caught = normalised(name.value)
                # Python unbinds the name at the end of the handler (language reference, section "The try statement").
                found = (Bind(caught, "variable"), *found, Delete(caught))
            handlers.append((found, ended))
            if not ended:
                after.append(self.values.state())
        # `try: import numpy` usually fails in one way: where numpy is not installed, the handler is what runs.
        if handlers:
            module = third_party(suite) if handled and len(after) > 1 else None
            self.values.join(before, after, after[1] if module else None, module or "")
        # A body that always raises has run up to there, and then one of the handlers runs.
        if body_ended:
            self.operations.extend(body)
            ended = self._branch(handlers, "if")
        else:
            ended = self._branch([(body, False), *handlers], "import" if handled and only_imports else "try")
        if node.finalbody is not None:
            ended = self.suite(node.finalbody.body.body) or ended
        return ended

    def _for(self, node: cst.For) -> bool:
        self.walrus(node.iter)
        items = self.values.evaluate(node.iter)
        changes = _changes_namespace(node.body, self.values.namespaces)
        if changes and isinstance(items, (list, tuple, dict)) and len(items) <= _UNROLLED:
            for name in target_names(node.target):
                self.bind(name, "variable")
            # Round by round, as `globals()[name] = ...` binds another name in each.
            for item in items:
                scope: dict[str, Any] = {}
                if bind_target(node.target, item, scope):
                    self.values.constants.update(scope)
                self.suite(node.body.body)
        elif changes and isinstance(node.target, cst.Name) and _plain_elements(node.iter):
            for item in _plain_elements(node.iter):
                self.bind(normalised(node.target.value), "variable", aliases=aliases(item, self.values))
                self.suite(node.body.body)
        else:
            self._run_once(node)
        return node.orelse is not None and self.suite(node.orelse.body.body)

    def _run_once(self, node: cst.For) -> None:
        """Run a loop's body once, for its last item: the names it binds are the same in every round."""
        last = None
        if isinstance(node.iter, (cst.Tuple, cst.List)) and node.iter.elements:
            last = node.iter.elements[-1].value
        before = dict(self.values.constants)
        outer, self.operations = self.operations, []
        if isinstance(node.target, cst.Name):
            self.bind(normalised(node.target.value), "variable", aliases=aliases(last, self.values))
        else:
            for name in target_names(node.target):
                self.bind(name, "variable")
        self.suite(node.body.body)
        found, self.operations = tuple(self.operations), outer
        self.values.forget_changes(before)
        if last is not None:
            self.operations.extend(found)
        elif found:
            # What it goes over may be empty.
            self.operations.append(Branch((found, ()), "loop"))

    def _while(self, node: cst.While) -> bool:
        self.walrus(node.test)
        before = dict(self.values.constants)
        found, _ = self._apart(node.body.body)
        self.values.forget_changes(before)
        # `while True:` runs at least once.
        if found and self.values.truth(node.test) is True:
            self.operations.extend(found)
        elif found:
            self.operations.append(Branch((found, ()), "loop"))
        return node.orelse is not None and self.suite(node.orelse.body.body)

    def _with(self, node: cst.With) -> bool:
        suppresses = expects_import_errors(node)
        for item in node.items:
            self.walrus(item.item)
            if item.asname is not None:
                for name in target_names(item.asname.name):
                    self.bind(name, "variable")
            if isinstance(item.item, cst.Call):
                suppresses |= (self.values.path(item.item.func) or "").endswith("suppress")
        # What is suppressed may end the suite anywhere, as in a `try`.
        if not suppresses:
            return self.suite(node.body.body)
        return self._branch([self._apart(node.body.body, guarded=True), ((), False)], "try")

    def _match(self, node: cst.Match) -> bool:
        self.walrus(node.subject)
        alternatives: list[_Suite] = []
        irrefutable = False
        before = dict(self.values.constants)
        for case in node.cases:
            # A capture binds as an assignment of an unknown value does, so it is run as one.
            captures = [
                cst.Assign([cst.AssignTarget(cst.Name(name))], cst.Ellipsis()) for name in pattern_names(case.pattern)
            ]
            alternatives.append(self._apart([*captures, *case.body.body]))
            irrefutable |= case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None
        # None of the cases may match.
        if not irrefutable:
            alternatives.append(((), False))
        self.values.forget_changes(before)
        return self._branch(alternatives, "if")


def _asks_for_main(test: cst.BaseExpression) -> bool:
    """Whether a test asks for the name that the module runs under."""
    return any(isinstance(node, cst.Name) and node.value == "__name__" for node in inside(test))


def _usual_alternative(tests: list[str | None]) -> tuple[int | None, str]:
    """Which alternative of a chain of tests usually runs, if that is known, and the module that is missing then."""
    module = ""
    for index, test in enumerate(tests):
        if test is None or not test.startswith(("?", "!?")):
            return None, ""
        module = module or test.lstrip("!?")
        if test.startswith("!"):
            return index, module
    return len(tests), module


def _plain_elements(items: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The elements of a literal that are all dotted names, such as modules; else none."""
    elements = items.elements if isinstance(items, (cst.Tuple, cst.List)) else ()
    if all(isinstance(element, cst.Element) and dotted(element.value) for element in elements):
        return [element.value for element in elements]
    return []


def _changes_namespace(body: cst.BaseSuite, namespaces: set[str]) -> bool:
    """Whether a loop's body sets names by string or changes `__all__`: then it is worth unrolling."""
    return any(
        isinstance(node, cst.Name)
        and (node.value in ("globals", "locals", "vars", "__all__", "setattr") or node.value in namespaces)
        for node in inside(body)
    )
