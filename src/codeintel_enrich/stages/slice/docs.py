"""The sections of docstrings (reST, Google, NumPy, Epydoc styles), found by `docstring-parser`."""

from typing import Any

import docstring_parser


def doc_sections(docstring: str | None) -> dict[str, Any]:
    """What a docstring says, as JSON has it; one that cannot be parsed has its first paragraph as summary only."""
    sections: dict[str, Any] = {"summary": None, "params": [], "returns": None, "raises": [], "examples": []}
    if not docstring or not docstring.strip():
        return sections
    try:
        parsed = docstring_parser.parse(docstring)
    # Its parsers fail in more ways than they declare on text that only looks like a section.
    except (docstring_parser.ParseError, ValueError, IndexError):
        return sections | {"summary": " ".join(docstring.strip().partition("\n\n")[0].split())}
    returns = parsed.returns
    return {
        "summary": parsed.short_description,
        "params": [
            {"name": item.arg_name, "type": item.type_name, "description": item.description, "default": item.default}
            for item in parsed.params
        ],
        "returns": {"type": returns.type_name, "description": returns.description} if returns is not None else None,
        "raises": [{"type": item.type_name, "description": item.description} for item in parsed.raises],
        "examples": [item.description or item.snippet for item in parsed.examples],
    }
