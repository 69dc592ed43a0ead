"""What `parse` hands on for one file: layer P, the interface, and where the code of a notebook stands.

They are artifacts with digests of their own: an edit inside a function changes the first and not the second, and then
no other file is looked at again; an edit of a notebook's outputs changes the third alone.
"""

import msgspec

from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.notebook import NO_NOTEBOOK, Notebook
from codeintel_enrich.model.syntax import Syntax


class Parsed(msgspec.Struct, frozen=True):
    """Everything `parse` finds in the bytes of one file."""

    syntax: Syntax
    interface: Interface
    notebook: Notebook = NO_NOTEBOOK
