"""Owns what `parse` hands on for one file: layer P and the surface, two artifacts with digests of their own."""

import msgspec

from codeintel_enrich.model.surface import Surface
from codeintel_enrich.model.syntax import Syntax


class Parsed(msgspec.Struct, frozen=True):
    """Everything `parse` finds in the bytes of one file."""

    syntax: Syntax
    surface: Surface
