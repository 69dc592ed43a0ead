"""The recipe of the stage: size -> text -> tree -> nodes -> bind -> interface.

What is wrong with the bytes is data: `parse` raises for no input, but for a MemoryError. Inputs that make LibCST crash
or hang are beyond it; run it where it can be killed, on a large stack, with cyclic garbage collection off, and let
`failed` say so.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.interface import Interface, Opaque
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.model.syntax import Definition, Node, Syntax
from codeintel_enrich.stages.parse.bind import bind
from codeintel_enrich.stages.parse.failure import Failure
from codeintel_enrich.stages.parse.interface import summarise
from codeintel_enrich.stages.parse.misplaced import misplaced_imports
from codeintel_enrich.stages.parse.nodes import describe
from codeintel_enrich.stages.parse.notebook import read_notebook
from codeintel_enrich.stages.parse.text import Source, count_lines, decode
from codeintel_enrich.stages.parse.tree import build_tree


def parse(source: bytes, config: ParseConfig) -> Parsed:
    """Parse one file. Where that fails, the result says why and has one node, the Module.

    Rules of failures: `too-large`, `decode-error`, `null-bytes`, `syntax-error`, `parser-crash`,
    `not-lossless`, `too-deep`. A MemoryError goes through: whether the file or the machine is at fault, who set the
    limit can tell.
    """
    if len(source) > config.max_file_bytes:
        return _too_large(source, config)
    return _guarded(source, lambda: decode(source), config)


def parse_notebook(source: bytes, config: ParseConfig) -> Parsed:
    """Parse the cells of a notebook as one module.

    All places are in the text of that module, digest and sizes are those of that text: outputs change none of it. The
    rules of failures are those of `parse`, and `not-a-notebook`.
    """
    if len(source) > config.max_file_bytes:
        return _too_large(source, config)
    try:
        text, notebook, diagnostics = read_notebook(source)
    except Failure as failure:
        return _failure(source, None, failure.rule, str(failure), failure.line, failure.column)
    except (RecursionError, MemoryError):
        return failed(source, "out-of-memory", "the notebook is too large, or nested too deeply, to be read")
    code = text.encode()
    # Not decoded as a file is: what looks like a cookie in a cell says nothing.
    parsed = _guarded(code, lambda: Source(code, text, "utf-8"), config)
    syntax = msgspec.structs.replace(parsed.syntax, diagnostics=(*parsed.syntax.diagnostics, *diagnostics))
    return Parsed(syntax, parsed.interface, notebook)


def _too_large(source: bytes, config: ParseConfig) -> Parsed:
    return failed(source, "too-large", f"{len(source)} bytes; the limit is {config.max_file_bytes}")


def _guarded(source: bytes, decoded_by: Callable[[], Source], config: ParseConfig) -> Parsed:
    decoded: Source | None = None
    try:
        decoded = decoded_by()
        return _analyse(decoded, config)
    except Failure as failure:
        return _failure(source, decoded, failure.rule, str(failure), failure.line, failure.column)
    except RecursionError:
        # LibCST's code generation and the walks recurse as deep as the code is nested. In Python that ends at the
        # interpreter's limit; in LibCST's native parser it can be a crash, from which the engine's sandbox guards.
        return _failure(source, decoded, "too-deep", "the code is nested too deeply to be analysed")


def failed(source: bytes, rule: str, message: str, line: int = 1) -> Parsed:
    """Return what `parse` returns for a file it cannot analyse, for a reason that it cannot see itself."""
    return _failure(source, None, rule, message, line)


def _analyse(source: Source, config: ParseConfig) -> Parsed:
    tree = build_tree(source, config)
    rows = describe(tree)
    bound = bind(tree)
    interface, spots, passed_over = summarise(tree, bound)
    imports = tuple(
        msgspec.structs.replace(statement, phase=passed_over[node])
        if statement.phase == "runtime" and (node := tree.recorded[statement.node]) in passed_over
        else statement
        for statement in rows.imports
    )
    syntax = Syntax(
        content_hash=digest(source.data),
        n_bytes=len(source.data),
        n_lines=source.n_lines,
        encoding=source.encoding,
        parse_ok=True,
        nodes=rows.nodes,
        definitions=rows.definitions,
        scopes=bound.scopes,
        bindings=bound.bindings,
        references=bound.references,
        imports=imports,
        wide_lines=source.wide_lines,
        has_bom=source.has_bom,
        spots=spots,
        diagnostics=misplaced_imports(tree),
    )
    return Parsed(syntax, interface)


def _failure(source: bytes, decoded: Source | None, rule: str, message: str, line: int = 1, column: int = 0) -> Parsed:
    """Return a result with the Module only; without a decoded text the Module's last column is 0."""
    # The row is that of any file, so that nothing downstream has to know that there is no tree.
    content_hash = digest(source)
    n_lines = count_lines(source) if decoded is None else decoded.n_lines
    end = (n_lines + 1, 0, len(source)) if decoded is None else decoded.position(len(decoded.text))
    start_byte = 0 if decoded is None else decoded.position(0)[2]
    module = Node("Module", None, 1, 0, end[0], end[1], start_byte, end[2], -1, "module", 0)
    syntax = Syntax(
        content_hash=content_hash,
        n_bytes=len(source),
        n_lines=n_lines,
        encoding="" if decoded is None else decoded.encoding,
        parse_ok=False,
        nodes=(module,),
        definitions=(Definition(code_hash=digest(source[start_byte:])),),
        wide_lines={} if decoded is None else decoded.wide_lines,
        has_bom=decoded is not None and decoded.has_bom,
        error=message,
        error_line=line,
        diagnostics=(Diagnostic("parse", "error", rule, message, line, column, line, column),),
    )
    # Its names are not known, which is not that it has none. By the rule alone: what a message says more, such as
    # a line, changes with edits that change nothing for importers.
    unseen = Opaque(f"a file that could not be analysed ({rule})")
    return Parsed(syntax, Interface(operations=(unseen,), dynamic_getattr=True))
