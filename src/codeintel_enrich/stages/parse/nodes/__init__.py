"""Rows of layer P: one for each recorded node, and what definitions and import statements have beside it.

rows         nodes, definitions, import statements; the `__qualname__` of each definition
scope_kinds  the kind of scope that a node stands in
signatures   a function's parameters and return, and how much of them is annotated
docstrings   what `__doc__` has
"""

from codeintel_enrich.stages.parse.nodes.rows import NodeRows, describe

__all__ = ["NodeRows", "describe"]
