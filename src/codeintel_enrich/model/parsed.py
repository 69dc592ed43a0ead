"""What `parse` hands on for one file: layer P and the interface.

They are two artifacts with digests of their own: an edit inside a function changes the first and not the second, and
then no other file is looked at again.
"""

import msgspec

from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.syntax import Syntax


class Parsed(msgspec.Struct, frozen=True):
    """Everything `parse` finds in the bytes of one file."""

    syntax: Syntax
    interface: Interface
