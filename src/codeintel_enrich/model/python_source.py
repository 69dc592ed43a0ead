"""Python's own syntax tree of a file, also where the running Python is too old for `lazy` imports (PEP 810)."""

import ast
import tokenize

_SKIPPED = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


def parse_python(source: bytes) -> ast.Module:
    """Parse a file; a lazy import becomes an import at the same place, and nothing behind it moves.

    Raises what `ast.parse` raises.
    """
    try:
        return ast.parse(source)
    except SyntaxError:
        eager = _without_lazy(source) if b"lazy" in source else None
        if eager is None:
            raise
    return ast.parse(eager)


def _without_lazy(source: bytes) -> str | None:
    """The text with `import` in the place of `lazy import`; None where there is none."""
    lines = source.splitlines(keepends=True)
    try:
        encoding, _ = tokenize.detect_encoding(iter(lines).__next__)
        text = [line.decode(encoding) for line in lines]
        tokens = [token for token in tokenize.generate_tokens(iter(text).__next__) if token.type not in _SKIPPED]
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, LookupError):
        return None
    found = False
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        starts = before is None or before.type == tokenize.NEWLINE or before.string in (";", ":")
        if starts and token.string == "lazy" and after.string in ("import", "from") and token.end[0] == after.start[0]:
            row, column = token.start
            line = text[row - 1]
            # A statement has to begin where it did, so what is left over goes behind the keyword.
            gap = " " * (after.end[1] - column - len(after.string))
            text[row - 1] = f"{line[:column]}{after.string}{gap}{line[after.end[1] :]}"
            found = True
    return "".join(text) if found else None
