"""Scopes, bindings and references of one file: who binds each name, and what each identifier means.

    binder    `bind`: the recipe, and its result as rows
    walk      tree -> table of scopes and bindings, mentions of identifiers in source order; what handlers are made of
              (expressions, annotations, statements, imports, definitions: its handlers, by type of node)
    scopes    the table of scopes and bindings, and Python's rule by which a name finds its scope
    resolve   table, mentions -> the meaning of each mention: a local name, or a reference that `link` resolves

There are two halves, as in CPython's compiler, where a symbol table is made before any code: whether a name is local
depends on all of a function, also on what stands below its use.

Of identifiers inside strings only those of types are looked at (`annotations`). What an expression evaluates to is
known for modules, classes, functions of this module and the first parameter of methods only: the attributes of any
other object have no meaning here.
"""

from codeintel_enrich.stages.parse.bind.binder import Bound, bind

__all__ = ["Bound", "bind"]
