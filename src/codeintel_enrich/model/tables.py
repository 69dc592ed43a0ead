"""Owns the store's schema as data: every table, column, type and unit; knows nothing of how a store keeps them.

SQL is an interface: a change here is a new `SCHEMA_VERSION`. Lines count from 1, columns from 0 in code
points, bytes from 0 in the original file; ends are exclusive. Every table is filled from the rows that `emit` makes of
one file, and its first column, `path`, says which.
"""

from typing import Literal

import msgspec

SCHEMA_VERSION = "3"

ColumnType = Literal["text", "integer", "long", "real", "boolean", "texts"]
"""`integer` has 32 bits, `long` 64; `texts` is a list of `text`. Integers are never negative."""


class Column(msgspec.Struct, frozen=True):
    """One column; `optional` ones may be null."""

    name: str
    type: ColumnType
    doc: str
    optional: bool = False


class Table(msgspec.Struct, frozen=True):
    """One table; `key` names the columns that tell its rows apart."""

    name: str
    key: tuple[str, ...]
    doc: str
    columns: tuple[Column, ...]


class View(msgspec.Struct, frozen=True):
    """A table that is derived: `query` is its definition in SQL."""

    name: str
    key: tuple[str, ...]
    doc: str
    columns: tuple[Column, ...]
    query: str


def _text(name: str, doc: str) -> Column:
    return Column(name, "text", doc)


def _text_or_null(name: str, doc: str) -> Column:
    return Column(name, "text", doc, optional=True)


def _integer(name: str, doc: str) -> Column:
    return Column(name, "integer", doc)


def _integer_or_null(name: str, doc: str) -> Column:
    return Column(name, "integer", doc, optional=True)


def _real_or_null(name: str, doc: str) -> Column:
    return Column(name, "real", doc, optional=True)


def _boolean(name: str, doc: str) -> Column:
    return Column(name, "boolean", doc)


def _texts(name: str, doc: str) -> Column:
    return Column(name, "texts", doc)


_PATH = _text("path", "File, relative to the root, with forward slashes")
_MODULE = _text_or_null("module", "Dotted name of the file's module; null where no import can name it")

_SPAN = (
    _integer("start_line", "First line, from 1"),
    _integer("start_col", "First column, from 0, in code points"),
    _integer("end_line", "Last line, from 1"),
    _integer("end_col", "Column after the last, in code points"),
    _integer("start_byte", "First byte in the original file"),
    _integer("end_byte", "Byte after the last in the original file"),
)

MODULES = Table(
    "modules",
    ("path",),
    "One row for every file, also one that does not parse",
    (
        _PATH,
        _MODULE,
        _text("package", "Dotted name of the package that relative imports start from; empty at the top"),
        _boolean("is_package", "Whether the file is an `__init__`"),
        _boolean("is_stub", "Whether the file is a `.pyi`"),
        _text("content_hash", "Digest of the file's bytes"),
        Column("n_bytes", "long", "Size in bytes"),
        _integer("n_lines", "Number of lines"),
        _text("encoding", "Encoding the file was decoded with"),
        _boolean("parse_ok", "Whether there is a syntax tree"),
        _text_or_null("error", "Why there is none"),
        _integer_or_null("error_line", "Line of that error, from 1"),
        _text_or_null("docstring", "The module's `__doc__`, as written"),
        _boolean("has_all", "Whether the module sets `__all__`"),
        _text_or_null("all_dynamic", "Why it is not (all) known what a star of the module binds, where it is not"),
        _texts("star_modules", "Modules whose names a star import brings in"),
        _boolean("dynamic_getattr", "Whether a module `__getattr__` may give names that `exports` does not list"),
        _integer("n_defs", "Number of classes and functions, nested ones included"),
        _real_or_null("annotation_ratio", "Annotated share of parameters and returns, 0 to 1"),
        _integer("type_errors", "Number of errors that type checkers report"),
        _boolean("scip_indexed", "Whether the SCIP index has a document for the file"),
        _boolean("scip_stale", "Whether that document was made from other bytes"),
        _integer("scip_occurrences", "Occurrences in that document"),
        _integer("scip_attached", "Occurrences attached to a node or reference"),
        _real_or_null(
            "coverage_ratio",
            "Covered share of the lines that the coverage report counts, 0 to 1; null where it has none",
        ),
        _texts("owners", "Who owns it by CODEOWNERS, as written there"),
        _texts("main_authors", "Up to three authors by lines changed, within the window of commits"),
        _integer_or_null("n_authors", "How many changed it; null where no history is known"),
        _integer_or_null("bus_factor", "The fewest of them who together changed more than half of the lines"),
        _integer_or_null("churn_commits", "Commits that changed it, within the window of days"),
        _integer_or_null("churn_lines", "Lines that those added and deleted"),
        _text_or_null("last_commit", "When it was last changed: ISO 8601, UTC"),
        _texts("tags", "Sorted tags"),
    ),
)

NODES = Table(
    "nodes",
    ("node_id",),
    "Syntax nodes: definitions, assignments and imports; every node at level `full`",
    (
        _PATH,
        _text("node_id", "`path:line:col:NodeType:name`; `#1`, `#2` ... is added to later equals"),
        _text("stable_id", "Survives line shifts: module, local name, node type, ordinal; unique within its path"),
        _MODULE,
        _text("node_type", "LibCST's class name"),
        _text_or_null("name", "Name it defines, or identifier it is"),
        _text_or_null(
            "local_name", "Python's `__qualname__`; empty for the module, null for a node without definition"
        ),
        _texts("qualified_names", "Absolute names of what it defines"),
        *_SPAN,
        _integer_or_null("name_line", "Line of the name token"),
        _integer_or_null("name_col", "First column of the name token"),
        _integer_or_null("name_start_byte", "First byte of the name token"),
        _integer_or_null("name_end_byte", "Byte after the name token"),
        _text_or_null("parent_id", "`node_id` of the nearest recorded ancestor"),
        _text("scope", "Kind of the scope it stands in"),
        _text_or_null("signature", "JSON: `params` (name, kind, annotation, default) in source order, `returns`"),
        _texts("decorators", "Source text of each decorator"),
        _texts("bases", "Source text of each base and keyword of a class"),
        _text_or_null("docstring", "As `__doc__` has it"),
        _texts("imports", "`module:name as alias` for each imported name, `module as alias` for `import`"),
        _texts("assign_targets", "Source text of each target"),
        _text_or_null("scip_symbol", "Symbol of the SCIP index"),
        _text_or_null("scip_match", "How the symbol was found: `exact`, `moved`, `name`"),
        _text_or_null("scip_repair", "The fault of the indexer that was mended in the symbol"),
        _text_or_null("code_hash", "Digest of the node's source bytes"),
        _real_or_null("annotation_ratio", "Annotated share of parameters and returns, 0 to 1"),
        _integer_or_null("n_typable", "Parameters and returns, of all functions inside too; without self and cls"),
        _integer_or_null("n_typed", "Those that are annotated, be it with `Any`"),
        _real_or_null(
            "coverage_ratio",
            "Covered share of the counted lines of a function or class, behind its first, or of the module; null where"
            " there are none",
        ),
        _texts("notes", "What is worth knowing of it"),
    ),
)

IMPORTS = Table(
    "imports",
    ("path", "start_line", "start_col", "name"),
    "One row for every imported name",
    (
        _PATH,
        _text_or_null("module", "The importing module"),
        _integer("start_line", "Line of the imported name, from 1"),
        _integer("start_col", "Column of the imported name, from 0"),
        _text("target_module", "Absolute dotted name of the module that is imported or imported from"),
        _text("name", "Name imported from it, `*` for a star; the dotted module as written for `import a.b`"),
        _text_or_null("alias", "Name after `as`"),
        _integer("level", "Number of leading dots"),
        _boolean("is_from", "Whether it is a `from` import"),
        _boolean("is_star", "Whether it is a star import"),
        _text("kind", "`typing` under TYPE_CHECKING, `local` inside a function, else `runtime`"),
        _text_or_null("resolved", "Qualified name of what the name finally is"),
        _text_or_null("target_path", "File of the target module, where it is in the tree"),
        _boolean("known", "Whether the target module is in the tree or in the standard library"),
        _text("node_id", "The import statement"),
    ),
)

EXPORTS = Table(
    "exports",
    ("path", "name"),
    "One row for every name that `from module import name` finds statically",
    (
        _PATH,
        _text_or_null("module", "The exporting module"),
        _text("name", "Exported name"),
        _text("kind", "`definition`, `reexport`, `star`, `submodule`, `dynamic`"),
        _text_or_null("origin", "Qualified name of the definition at the end of the chain"),
        _text_or_null("origin_path", "File of that definition, where it is in the tree"),
        _boolean("in_star", "Whether `from module import *` binds the name at run time"),
        _boolean("typing_only", "Whether only type checkers see it"),
        _texts("chain", "The hops to the definition, as `module.name`, the definition last"),
    ),
)

REFS = Table(
    "refs",
    ("path", "start_byte", "end_byte", "role"),
    "One row for every identifier that names something",
    (
        _PATH,
        _text("name", "The identifier, NFKC-normalised"),
        _text("role", "`definition`, `read`, `write`, `import`, `delete`"),
        _text("kind", "`name`, `attribute`, `keyword`, `import`"),
        *_SPAN,
        _text("scope", "Kind of the scope in which Python looks the name up"),
        _text("context", "`typing` where only type checkers go, `local` in a function, else `runtime`"),
        _text_or_null("qualified_name", "What it means: the first of `qualified_names`"),
        _texts("qualified_names", "All its meanings; several where branches differ"),
        _text_or_null("target_kind", "Kind of thing it means"),
        _text_or_null("target_path", "File that defines it, where it is in the tree"),
        _text_or_null("reason", "Why its meaning is unknown"),
        _text_or_null("scip_symbol", "Symbol of the SCIP index"),
        _text_or_null("scip_match", "How the symbol was found: `exact`, `moved`, `name`"),
        _text_or_null("scip_repair", "The fault of the indexer that was mended in the symbol: our own name won"),
        _text_or_null(
            "agreement",
            "Whether the index, as it was, and we mean the same: `both`, `cst-only`, `scip-only`, `differ` (the index's"
            " symbol stands, unless it was mended); null where neither side knows",
        ),
        _text_or_null("type", "Type of what it names, as pyrefly writes it; only where expression types are asked for"),
        _text("node_id", "Innermost definition that holds it"),
    ),
)

SYMBOL_CLAIMS = Table(
    "symbol_claims",
    ("scip_symbol", "path"),
    "What each file says of the SCIP symbols it defines; `symbols` chooses one claim a symbol",
    (
        _PATH,
        _text("scip_symbol", "Symbol of the SCIP index"),
        _text_or_null("qualified_name", "What the symbol's definition is called here"),
        _text_or_null("kind", "`class`, `function`, `method`, `module`, `variable`, ..."),
        _text_or_null("display_name", "The index's name for people"),
        _text_or_null("documentation", "The index's documentation, parts joined by blank lines"),
        _text_or_null("signature", "The index's signature text"),
        _text_or_null("enclosing_symbol", "Symbol around it"),
    ),
)

SYMBOL_FILES = Table(
    "symbol_files",
    ("scip_symbol", "path"),
    "Which files mention a SCIP symbol",
    (
        _PATH,
        _text("scip_symbol", "Symbol of the SCIP index"),
        _integer("roles", "SCIP role bits, or-ed over the file (definition 1, import 2, write 4, read 8, ...)"),
    ),
)

SCIP_OUTCOMES = Table(
    "scip_outcomes",
    ("path", "outcome"),
    "What became of the ranges of each file's SCIP document",
    (
        _PATH,
        _text(
            "outcome",
            "`attached`; of these the mended ones, by rule; `aliased`, `misnamed` and `unplaced` are attached nowhere",
        ),
        _integer("ranges", "How many"),
    ),
)

USES = Table(
    "uses",
    ("path", "node_id", "target"),
    "Which definition reads which: what a definition's own text mentions, variables local to functions apart",
    (
        _PATH,
        _text("node_id", "The module, class or function whose text it is, inner definitions apart"),
        _text_or_null("source", "Its qualified name; null in a file that no module name reaches"),
        _text("target", "Qualified name of what is used"),
        _text("target_kind", "Kind of thing that is"),
        _text_or_null("target_path", "File that defines it, where it is in the tree"),
        _integer("n_reads", "How often it is mentioned"),
        _integer("first_line", "Line of the first mention, from 1"),
    ),
)

BASES = Table(
    "bases",
    ("path", "node_id", "position"),
    "The bases of each class: who implements what",
    (
        _PATH,
        _text("node_id", "The class"),
        _text_or_null("subclass", "Its qualified name; null in a file that no module name reaches"),
        _integer("position", "Place among the bases, from 0"),
        _text("source", "The base as written"),
        _text_or_null("base", "Qualified name of the base; null where nothing static can say"),
        _text_or_null("base_path", "File that defines it, where it is in the tree"),
    ),
)

OVERRIDES = Table(
    "overrides",
    ("path", "member"),
    "Which member of a class hides which inherited one, by the method resolution order",
    (
        _PATH,
        _text_or_null("node_id", "The method or inner class; null for a variable"),
        _text("member", "Qualified name of the member"),
        _text("overridden", "Qualified name of the member that follows in the method resolution order"),
        _text("overridden_kind", "Kind of thing that is"),
        _text_or_null("overridden_path", "File that defines it, where it is in the tree"),
    ),
)

DIAGNOSTICS = Table(
    "diagnostics",
    ("path", "tool", "line", "col", "rule", "message"),
    "What tools found",
    (
        _PATH,
        _text("tool", "`parse`, `link`, `stitch`, `emit`, `pyrefly`, `pyright`"),
        _text("severity", "`error`, `warning`, `info`"),
        _text("rule", "The tool's name for the kind of finding"),
        _text("message", "What it says"),
        _integer("line", "First line, from 1"),
        _integer("col", "First column, from 0, in code points"),
        _integer("end_line", "Last line, from 1"),
        _integer("end_col", "Column after the last, in code points"),
        _text("node_id", "Innermost definition that holds it"),
    ),
)

TYPE_COVERAGE = Table(
    "type_coverage",
    ("path", "name", "line", "col"),
    "How much of each symbol is typed, as the type checker counts; `nodes` has our own count of what is annotated",
    (
        _PATH,
        _MODULE,
        _text("tool", "`pyrefly`"),
        _text("kind", "`function`, `property`, `class`, `attr` (a variable of a module or class)"),
        _text("name", "Qualified name inside the module"),
        _integer("line", "Line, from 1; that of the first decorator where there is one"),
        _integer("col", "Column, from 0, in code points"),
        _integer("n_typable", "Parameters and return of a function (`self` apart), or an attribute's own type"),
        _integer("n_typed", "Those with an explicit type"),
        _integer("n_any", "Those that are explicitly `Any`"),
        _integer("n_untyped", "Those with no explicit type: inferred at best"),
        _integer_or_null(
            "n_inferred", "Of these, those of which the checker infers all; null unless types are asked for"
        ),
        _text("node_id", "The function or class; of an attribute, the innermost definition that holds it"),
    ),
)


FILES = Table(
    "files",
    ("path",),
    "One row for every file with an outline that is not Python; Python files are in `modules`",
    (
        _PATH,
        _text("language", "Language of the file: `toml`, `markdown`, `dockerfile`, ..."),
        _text("content_hash", "Digest of the file's bytes"),
        Column("n_bytes", "long", "Size in bytes"),
        _integer("n_lines", "Number of lines"),
        _integer("n_items", "Entries of its outline"),
        _integer("n_left_out", "Entries beyond the limit of one outline; the deepest are left out first"),
        _boolean("has_errors", "Whether the grammar did not understand all of the file"),
        _text_or_null("error", "Why there is no outline"),
    ),
)

OUTLINES = Table(
    "outlines",
    ("path", "ordinal"),
    "Named entries of files without a syntax tree: other languages, and Python that does not parse",
    (
        _PATH,
        _integer("ordinal", "Number of the entry in its file, from 0, in source order"),
        _text("language", "Language of the file"),
        _text("kind", "`class`, `function`, `method`, `variable`, `key`, `table`, `heading`, `stage`, ..."),
        _text("name", "As written, on one line, without enclosing quotes"),
        _integer_or_null("parent", "Ordinal of the innermost entry around it"),
        _integer("depth", "Number of entries around it"),
        _boolean("is_fallback", "Found by node type or by the layout of lines, not by the language's query"),
        *_SPAN,
        _integer("name_start_byte", "First byte of the name"),
        _integer("name_end_byte", "Byte after the name"),
    ),
)

TABLES: tuple[Table, ...] = (
    MODULES,
    NODES,
    IMPORTS,
    EXPORTS,
    REFS,
    SYMBOL_CLAIMS,
    SYMBOL_FILES,
    SCIP_OUTCOMES,
    USES,
    BASES,
    OVERRIDES,
    DIAGNOSTICS,
    TYPE_COVERAGE,
    FILES,
    OUTLINES,
)
"""Every table that holds rows of files, in the order in which they are filled."""

SYMBOLS = View(
    "symbols",
    ("scip_symbol",),
    "One row for every SCIP symbol that is defined in the tree: the claim of the first file, in path order",
    (*SYMBOL_CLAIMS.columns[1:], _text("path", "The file whose claim it is")),
    "SELECT * EXCLUDE (path), path FROM symbol_claims"
    " QUALIFY row_number() OVER (PARTITION BY scip_symbol ORDER BY path) = 1",
)

PACKAGES = View(
    "packages",
    ("package",),
    "One row for every package, of the modules directly in it (subpackages are rows of their own)",
    (
        _text("package", "Dotted name; empty for modules outside of any"),
        Column("n_modules", "long", "Modules"),
        Column("n_defs", "long", "Classes and functions"),
        Column("n_typable", "long", "Parameters and returns that could be annotated, without self and cls"),
        Column("n_typed", "long", "Those that are"),
        Column("annotation_ratio", "real", "`n_typed` / `n_typable`; null where there is nothing to annotate", True),
        Column("type_errors", "long", "Errors that type checkers report"),
    ),
    "SELECT m.package, count(*) AS n_modules, sum(m.n_defs)::BIGINT AS n_defs, sum(n.n_typable)::BIGINT AS n_typable,"
    " sum(n.n_typed)::BIGINT AS n_typed, sum(n.n_typed) / nullif(sum(n.n_typable), 0) AS annotation_ratio,"
    " sum(m.type_errors)::BIGINT AS type_errors"
    " FROM modules m JOIN nodes n ON n.path = m.path AND n.node_type = 'Module' GROUP BY m.package",
)

VIEWS: tuple[View, ...] = (SYMBOLS, PACKAGES)

OUTLINE_TABLES: tuple[Table, ...] = (FILES, OUTLINES)
"""The tables in which files that are not Python have rows."""

LEDGER = Table(
    "ledger",
    ("path",),
    "Which rows of each file the store holds",
    (_PATH, _text("rows_digest", "Digest of the file's rows, as `emit` made them")),
)

META = Table(
    "meta",
    ("key",),
    "What the store is: `schema_version`, `generation` (merges so far), `rows:TABLE`, `content:TABLE`, versions",
    (_text("key", "Name of the fact"), _text("value", "The fact")),
)

RELATIONS: tuple[Table | View, ...] = (*TABLES, *VIEWS, LEDGER, META)
"""Everything that can be queried."""
