"""The call of LibCST's parser, and what its errors mean in words and places."""

from __future__ import annotations

import ast
import re
import warnings

import libcst as cst

from codeintel_enrich.stages.parse.failure import Failure

_PLACED = re.compile(r"parser error: error at (\d+):(\d+): (.*)", re.DOTALL)
_LONGEST_SEARCHED = 200_000
"""In code points; the search parses as often as the number of lines has binary digits."""
_SPANNING = ("unterminated triple-quoted", "unexpected end of file")
"""Tokenizer errors that every beginning of the text has from where a token opens on, so none of them shows the line."""


def parse_text(text: str) -> cst.Module:
    """Parse a module.

    Raises `Failure` with the rule `syntax-error`, or `parser-crash` where LibCST itself fails.
    """
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise _syntax_failure(error.message, text) from None
    except cst.CSTValidationError as error:
        raise Failure("syntax-error", str(error)) from None
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        # Nothing but LibCST runs here, so whatever it raises is about the file.
        raise Failure("parser-crash", f"LibCST's parser failed: {type(error).__name__}") from error
    except BaseException as error:
        # A panic in native code (pyo3): it derives from BaseException, and no module exports its class.
        if type(error).__name__ != "PanicException":
            raise
        raise Failure("parser-crash", "LibCST's parser panicked") from error


def _syntax_failure(message: str, text: str) -> Failure:
    return _as_python_says(text) or _as_libcst_says(message, text)


def _as_python_says(text: str) -> Failure | None:
    """The error of the running interpreter, which people know and search for; None where it takes the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        # It counts columns from 1, and says 0 where it knows none; a line may be one behind the last.
        return Failure("syntax-error", error.msg, error.lineno or 1, max((error.offset or 1) - 1, 0))
    except ValueError:
        return None
    return None


def _as_libcst_says(message: str, text: str) -> Failure:
    # The exception's own line and column are at times those of the next line; the message has the right ones.
    placed = _PLACED.fullmatch(message)
    if placed:
        return Failure("syntax-error", placed[3], int(placed[1]), int(placed[2]))
    line = 1
    if len(text) <= _LONGEST_SEARCHED and not any(part in message for part in _SPANNING):
        line = _first_line_that_fails(message, text)
    return Failure("syntax-error", message.removeprefix("tokenizer error: "), line)


def _first_line_that_fails(message: str, text: str) -> int:
    """Return the line of a tokenizer error, which LibCST leaves out: the shortest beginning of the text has it too.

    Tokens are made before anything is parsed, from the start on, so a beginning shows the error once it holds it.
    """
    lines = re.findall(r"[^\r\n]*(?:\r\n?|\n|$)", text)
    low, high = 1, len(lines)
    while low < high:
        middle = (low + high) // 2
        try:
            cst.parse_module("".join(lines[:middle]))
        except cst.ParserSyntaxError as error:
            if error.message == message:
                high = middle
                continue
        low = middle + 1
    return low
