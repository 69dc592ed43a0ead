"""Owns what `parse` hands on for one file: layer P and the interface, two artifacts with digests of their own."""

import msgspec

from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.syntax import Syntax


class Parsed(msgspec.Struct, frozen=True):
    """Everything `parse` finds in the bytes of one file."""

    syntax: Syntax
    interface: Interface
