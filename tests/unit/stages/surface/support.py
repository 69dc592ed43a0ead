"""Takes surfaces of sources through the whole stage."""

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.surface import Surface
from codeintel_enrich.stages.parse import parse


def surface_of(text: str, config: ParseConfig | None = None) -> Surface:
    """The surface of a module's text."""
    parsed = parse(text.encode(), config or ParseConfig())
    assert parsed.syntax.parse_ok, parsed.syntax.error
    return parsed.surface
