"""Counting tokens: by a documented estimate, or by a tokenizer that the user names."""

import re
from collections.abc import Callable
from pathlib import Path

from codeintel_enrich.errors import UsageError

_PIECES = re.compile(r"[^\W_]+|_+|[^\w\s]+|\n\s*")
_WORD_CHARACTERS = 5
_SIGNS = 2


def token_counter(tokenizer: str, root: Path) -> Callable[[str], int]:
    """Counts the tokens of a text.

    `tokenizer` is `estimate`, `tiktoken:ENCODING` or the path of a `tokenizer.json`, relative to `root`. Raises
    UsageError where it cannot be had. Which one counts is a setting, never what happens to be installed, so the same
    settings give the same chunks everywhere.
    """
    if tokenizer == "estimate":
        return estimate_tokens
    if tokenizer.startswith("tiktoken:"):
        return _tiktoken(tokenizer.removeprefix("tiktoken:"))
    return _tokenizer_file(root / tokenizer)


def estimate_tokens(text: str) -> int:
    """About what byte-pair encodings make of code: a token for each started five characters of a word, for each run of
    underscores, for each started two characters of a run of signs, and for each line break with its indentation.
    """
    count = 0
    for piece in _PIECES.findall(text):
        if piece[0].isalnum():
            count += -(-len(piece) // _WORD_CHARACTERS)
        elif piece[0] in "_\n":
            count += 1
        else:
            count += -(-len(piece) // _SIGNS)
    return count


def _tiktoken(name: str) -> Callable[[str], int]:
    try:
        import tiktoken

        encoding = tiktoken.get_encoding(name)
    except Exception as error:  # It downloads the encoding, and passes on whatever goes wrong.
        raise UsageError(f"the tokenizer tiktoken:{name} cannot be had ({type(error).__name__}: {error})") from error
    return lambda text: len(encoding.encode_ordinary(text))


def _tokenizer_file(path: Path) -> Callable[[str], int]:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UsageError(f"{path}: to read it, install the package `tokenizers`") from error
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises plain exceptions.
        raise UsageError(f"{path}: not a tokenizer file ({error})") from error
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)
