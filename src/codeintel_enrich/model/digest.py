"""The one content digest of the project."""

from hashlib import blake2b


def digest(data: bytes) -> str:
    """Return the BLAKE2b digest of `data` as 32 hexadecimal characters."""
    return blake2b(data, digest_size=16).hexdigest()
