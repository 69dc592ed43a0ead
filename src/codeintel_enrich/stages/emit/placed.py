"""Everything that has a place in a notebook's module, put in its place in the file."""

from collections.abc import Iterable

from msgspec.structs import replace

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.notebook import Notebook
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.syntax import Definition, ImportedName, ImportStatement, Node, Reference, Syntax


def in_file(syntax: Syntax, qualified: Qualified, notebook: Notebook) -> tuple[Syntax, Qualified]:
    """Both layers with the places of a notebook's file; as they are for a file that is no notebook.

    Of a span both ends are looked up: what lies between them in the file may be more than code.
    """
    if not notebook.lines:
        return syntax, qualified
    return _syntax(syntax, notebook), replace(qualified, diagnostics=_diagnostics(qualified.diagnostics, notebook))


def _syntax(syntax: Syntax, notebook: Notebook) -> Syntax:
    return replace(
        syntax,
        nodes=tuple(_node(node, notebook) for node in syntax.nodes),
        definitions=tuple(_definition(each, notebook) for each in syntax.definitions),
        references=tuple(_reference(each, notebook) for each in syntax.references),
        imports=tuple(_statement(each, notebook) for each in syntax.imports),
        diagnostics=_diagnostics(syntax.diagnostics, notebook),
    )


def _diagnostics(diagnostics: Iterable[Diagnostic], notebook: Notebook) -> tuple[Diagnostic, ...]:
    found: list[Diagnostic] = []
    for each in diagnostics:
        line, col, _ = notebook.place(each.line, each.col)
        end_line, end_col, _ = notebook.place(each.end_line, each.end_col)
        found.append(replace(each, line=line, col=col, end_line=end_line, end_col=end_col))
    return tuple(found)


def _node(node: Node, notebook: Notebook) -> Node:
    line, col, byte = notebook.place(node.start_line, node.start_col)
    end_line, end_col, end_byte = notebook.place(node.end_line, node.end_col)
    return replace(
        node, start_line=line, start_col=col, start_byte=byte, end_line=end_line, end_col=end_col, end_byte=end_byte
    )


def _definition(definition: Definition, notebook: Notebook) -> Definition:
    decorated = notebook.place(definition.decorated_line, 0)[0] if definition.decorated_line else 0
    if definition.name_start_byte < 0:
        return replace(definition, decorated_line=decorated)
    line, col, byte = notebook.place(definition.name_line, definition.name_col)
    # A name has no escapes but those of JSON, and as many bytes as its text is written with.
    length = definition.name_end_byte - definition.name_start_byte
    return replace(
        definition,
        decorated_line=decorated,
        name_line=line,
        name_col=col,
        name_start_byte=byte,
        name_end_byte=byte + length,
    )


def _reference(reference: Reference, notebook: Notebook) -> Reference:
    line, col, byte = notebook.place(reference.line, reference.col)
    _, end_col, end_byte = notebook.place(reference.line, reference.end_col)
    return replace(reference, line=line, col=col, end_col=end_col, start_byte=byte, end_byte=end_byte)


def _statement(statement: ImportStatement, notebook: Notebook) -> ImportStatement:
    return replace(statement, names=tuple(_imported(name, notebook) for name in statement.names))


def _imported(name: ImportedName, notebook: Notebook) -> ImportedName:
    line, col, byte = notebook.place(name.start_line, name.start_col)
    end_line, end_col, end_byte = notebook.place(name.end_line, name.end_col)
    return replace(
        name, start_line=line, start_col=col, start_byte=byte, end_line=end_line, end_col=end_col, end_byte=end_byte
    )
