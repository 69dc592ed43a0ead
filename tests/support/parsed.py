"""Parsed files for tests of what follows: equal bytes are parsed once a session."""

import msgspec

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.stages.parse import parse
from tests.support.shared import remembered


def parsed_once(source: bytes, config: ParseConfig) -> Parsed:
    """What `parse` says of a file; that it depends on bytes and settings alone is shown elsewhere."""
    key = digest(msgspec.msgpack.encode([source, config]))
    found = remembered(f"parsed-here/{key}", lambda: msgspec.msgpack.encode(parse(source, config)))
    return msgspec.msgpack.decode(found, type=Parsed)
