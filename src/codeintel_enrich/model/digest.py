"""The one content digest of the project."""

from collections.abc import Iterable
from hashlib import blake2b

_BYTES = 16


def digest(data: bytes) -> str:
    """Return the BLAKE2b digest of `data` as 32 hexadecimal characters."""
    return blake2b(data, digest_size=_BYTES).hexdigest()


def digest_of_parts(parts: Iterable[bytes]) -> str:
    """The digest of all parts together."""
    whole = blake2b(digest_size=_BYTES)
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
