"""Takes interfaces of sources through the whole stage."""

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.stages.parse import parse


def interface_of(text: str, config: ParseConfig | None = None) -> Interface:
    """The interface of a module's text."""
    parsed = parse(text.encode(), config or ParseConfig())
    assert parsed.syntax.parse_ok, parsed.syntax.error
    return parsed.interface
