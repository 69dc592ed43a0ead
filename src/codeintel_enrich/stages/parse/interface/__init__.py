"""The interface: what other modules can see of this one, as a small program that `link` evaluates.

    summary        `summarise`: the recipe
    control_flow   statements that decide what runs: `if`, `try`, loops, `with`, `match`
    straight_line  all other statements at module level
    effects        what statements are made of: binding names, changing `__all__`, calling functions
    nested         what class and function bodies hold: members, bases, imports, `global` names
    imports        what the import statements of every scope ask of other modules
    aliases        expressions that are only another name for something
    all_names      expressions of names, as `__all__` is made of
    containers     their types, which decide what the interpreter refuses
    lazy           the table of names behind a module's `__getattr__`
    out_of_sight   signs that names are bound, or `__all__` is changed, by string or in a function
    values         what an expression is worth
    known          what is known of names at one point of the program
    platform       what the configured Python and platform make of well-known names

Which names a module has cannot be read off its definitions: names are imported, deleted, bound under conditions,
exported by `__all__`, which code changes. So the statements are run through once, in the order in which the interpreter
runs them, with as much knowledge of values as constants, `sys.version_info` and `sys.platform` give. What the Python
that is configured decides is decided here. What only other modules can tell (a star, an imported constant, whether an
optional module is installed) stays in the program as an operation or a branch, so that this file is not read again.

Nothing of the analysed file is ever executed.
"""

from codeintel_enrich.stages.parse.interface.summary import summarise

__all__ = ["summarise"]
