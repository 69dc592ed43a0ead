"""The stage `parse`: bytes of one file -> layer P and the interface, with no path in either.

stage            the recipe: what is done in which order, and the row of a file that cannot be analysed
failure          why a file cannot be analysed, as an exception
text             bytes -> text; lines, columns, bytes
notebook         bytes of a notebook -> the text of one module, with the place of every line
magics           cells as IPython takes them -> Python, line by line
tree/            text -> LibCST's tree, with the exact place of every node
nodes/           tree -> rows of nodes, definitions, import statements
bind/            tree -> scopes, bindings, and what each identifier means
interface/       tree -> what other modules can see of this one, as a small program that `link` evaluates
misplaced        lazy imports where CPython refuses them
cst_helpers      what small pieces of LibCST's tree say; asked by every room
string_literals  the value of a string literal
python_names     what Python itself names; normalised and mangled identifiers
"""

from codeintel_enrich.stages.parse.stage import failed, parse, parse_notebook

__all__ = ["failed", "parse", "parse_notebook"]
