"""Sidecars: what we remember between runs, in files that are recognised as undamaged by their digest."""

from pathlib import Path
from typing import TypeVar

import msgspec

from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.stat import bytes_of
from codeintel_enrich.model.digest import digest

T = TypeVar("T")


def read_sidecar(path: Path, head: bytes, kind: type[T]) -> T | None:
    """What `write_sidecar` wrote; None where there is nothing, it is damaged, or of another `head`."""
    data = bytes_of(path)
    if data is None:
        return None
    # Format and digest come first: what a crash cut, or a bit flipped in, is never decoded.
    payload = data[len(head) + 32 :]
    if data[: len(head) + 32] != head + digest(payload).encode():
        return None
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except msgspec.DecodeError:
        # Of another version, which forgot to change the head.
        return None


def write_sidecar(path: Path, head: bytes, value: object) -> None:
    """Replace a sidecar, atomically. `head` names its format, version included."""
    payload = msgspec.msgpack.encode(value)
    replace_file(path, head + digest(payload).encode() + payload)
