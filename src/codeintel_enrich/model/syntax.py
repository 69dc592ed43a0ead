"""Layer P: what `parse` finds in the bytes of one file, with no path and no absolute name in it.

Lines count from 1, columns from 0 in code points, bytes from 0 in the *original* file (a BOM counts
three bytes and no column); ends are exclusive.

The structs of which a file has thousands are encoded as arrays and left out of cyclic garbage collection (`gc=False`):
they refer to nothing that could refer back. Rows refer to each other by index, so that nothing is encoded twice.
"""

from typing import Literal

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.outline import Outline

ParameterKind = Literal["positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword"]
ScopeKind = Literal["module", "class", "function", "lambda", "comprehension", "type-params"]
BindingKind = Literal["class", "function", "variable", "parameter", "import", "type-alias", "type-param"]
Role = Literal["definition", "read", "write", "import", "delete"]
ReferenceKind = Literal["name", "attribute", "keyword", "import"]
Phase = Literal["runtime", "typing", "local"]
ImportPhase = Phase | Literal["lazy", "main", "never"]


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One parameter, as written; parameters stand in source order."""

    name: str
    kind: ParameterKind
    annotation: str | None = None
    default: str | None = None


class Signature(msgspec.Struct, frozen=True, array_like=True):
    """A function's parameters in source order and its return annotation, as source text."""

    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None
    is_async: bool = False


class ImportedName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One name of an import statement: `import a.b as c` is (`a.b`, `c`), a star is (`*`, None).

    The span is that of the alias clause (or of the star).
    """

    name: str
    alias: str | None
    start_line: int
    start_col: int
    end_line: int
    end_col: int
    start_byte: int
    end_byte: int


class ImportStatement(msgspec.Struct, frozen=True, array_like=True):
    """One import statement. `import x`: `module` is None and each name is a dotted module."""

    module: str | None
    level: int
    names: tuple[ImportedName, ...]
    phase: ImportPhase
    """`typing` under TYPE_CHECKING, `local` inside a function, `lazy` where the module is loaded when a name is first
    used (PEP 810), `main` where the module is run as a program, `never` where the configured Python or platform rules
    it out, else `runtime`."""
    node: int
    """Index of its Import / ImportFrom / LazyImport / LazyImportFrom node."""
    is_from: bool


class Definition(msgspec.Struct, frozen=True, array_like=True):
    """What only definition nodes (Module, ClassDef, FunctionDef, Assign, ...) have."""

    local_name: str = ""
    """Qualified name inside the module, Python's `__qualname__` form: `C.m`, `f.<locals>.g`; `` for Module."""
    ordinal: int = 0
    """0 for the first node of that type and local name in the file, 1 for the second, ..."""
    name_line: int = 0
    name_col: int = 0
    name_start_byte: int = -1
    name_end_byte: int = -1
    """Span of the name token (one line); -1 where there is none."""
    signature: Signature | None = None
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    docstring: str | None = None
    """Evaluated string, as `__doc__` has it before `inspect.cleandoc`."""
    assign_targets: tuple[str, ...] = ()
    """Target expressions as source text, in source order."""
    imports: int = -1
    """Index into `Syntax.imports` for nodes of import statements."""
    code_hash: str = ""
    """Digest of the node's exact source bytes."""
    n_typable: int = 0
    n_typed: int = 0
    """FunctionDef: parameters (without self / cls) plus the return; ClassDef and Module: sum over what they hold."""
    decorated_line: int = 0
    """Line of the first decorator; 0 where there is none."""


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One CST node that is not whitespace; `node_type` is LibCST's class name."""

    node_type: str
    name: str | None
    start_line: int
    start_col: int
    end_line: int
    end_col: int
    start_byte: int
    end_byte: int
    parent: int
    """Index of the nearest recorded ancestor; -1 for the Module."""
    scope: ScopeKind
    """Kind of the scope the node stands in (a class statement in a module: `module`)."""
    definition: int = -1
    """Index into `Syntax.definitions`; -1 where the node defines nothing."""


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """One lexical scope; scope 0 is the module's."""

    kind: ScopeKind
    parent: int
    node: int
    """Index of the node that opens it, or of the innermost recorded node around it."""
    local_name: str
    """`__qualname__` prefix of what is defined in it, without the trailing dot: `C`, `f.<locals>`."""


class Binding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One way a name comes to stand for something in a scope."""

    name: str
    scope: int
    kind: BindingKind
    node: int
    """Innermost recorded node that makes the binding; for an import its statement, which says what is imported."""
    phase: Phase


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One identifier token that names something. Identifiers stand on one line."""

    name: str
    """NFKC-normalised identifier."""
    line: int
    col: int
    end_col: int
    start_byte: int
    end_byte: int
    role: Role
    kind: ReferenceKind
    scope: int
    """`name`: index of the scope that the name belongs to (the module's for builtins and unbound names).
    Else: index of the scope in which the token stands."""
    node: int
    """Index of the innermost definition node (Module, ClassDef, FunctionDef) that holds it. A definition holds its
    own name, parameters, annotations, bases and decorators."""
    base: int = -1
    """`attribute`: index of the reference that is its object (-1: no plain name or attribute).
    `keyword`: index of the called name. `import`: index of the preceding component in a dotted module name."""
    unresolved: int = -1
    """Index into `Interface.unresolved`: the dotted path that only `link` can resolve; -1 where local rules do."""
    local: str | None = None
    """What local rules say: qualified name inside the module (`f.<locals>.x`, `C.m`), or `builtins.len`.
    At most one of `unresolved` and `local` is given; neither where nothing static can say."""
    phase: Phase = "runtime"


class Spot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where something stands that the interface, which has no positions, names by what it is."""

    subject: str
    """The `reason` of an operation of the interface, or a path in its `lists`."""
    line: int
    col: int
    end_line: int
    end_col: int


class Syntax(msgspec.Struct, frozen=True):
    """Layer P of one file. `nodes[0]` is the Module, also for a file that does not parse."""

    content_hash: str
    n_bytes: int
    n_lines: int
    encoding: str
    parse_ok: bool
    nodes: tuple[Node, ...]
    definitions: tuple[Definition, ...]
    scopes: tuple[Scope, ...] = ()
    bindings: tuple[Binding, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[ImportStatement, ...] = ()
    wide_lines: dict[int, str] = {}
    """Text (without its line end) of every line that is not pure ASCII: enough to convert columns of any unit."""
    has_bom: bool = False
    error: str | None = None
    error_line: int | None = None
    spots: tuple[Spot, ...] = ()
    """Of expressions that decide what a star of the module binds, and that `parse` cannot evaluate."""
    diagnostics: tuple[Diagnostic, ...] = ()
    outline: Outline | None = None
    """What is found in a file that does not parse, without a tree."""
