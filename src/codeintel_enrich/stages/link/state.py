"""Owns what `link` remembers between runs, and its encoding.

Everything about one module is kept encoded until somebody asks for it, so a state of ten thousand modules loads in
milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import EMPTY_FACE, Face
from codeintel_enrich.stages.link.sketch import Sketch

FORMAT = 5
"""Raised whenever a stored struct changes its meaning; a state of another format is no state."""

_Value = TypeVar("_Value")


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one file without decoding anything."""

    name: ModuleName
    interface: str
    """Digest of its interface."""
    linked_module: str
    """Digest of its linked_module."""
    number: int
    """Stands for the path in dependents; never used again once the file is gone."""


class Stored(msgspec.Struct, array_like=True):
    """The encoded form: everything behind a `Raw` is decoded on demand."""

    format: int
    python_version: tuple[int, int]
    next_number: int
    files: dict[str, Known]
    sketches: dict[str, msgspec.Raw]
    faces: dict[str, msgspec.Raw]
    face_facts: dict[str, msgspec.Raw]
    """Path -> the facts its face was made from."""
    node_facts: dict[str, msgspec.Raw]
    """Path -> the facts its nodes were answered from."""
    face_users: dict[str, msgspec.Raw]
    """Provider (path or table fact) -> item -> numbers of the files whose face was made from it."""
    node_users: dict[str, msgspec.Raw]
    """Provider -> item -> (number, node) pairs."""
    reads: dict[str, tuple[str, ...]]
    """Path -> the modules its namespace is made from; only files that have any."""
    patches: dict[str, tuple[tuple[str, str, str], ...]]
    """Path -> what it sets in other modules, as its sketch has it; only files that have any."""
    loaders: msgspec.Raw
    """Dotted name that may be a module -> how many files import it at run time."""


class LinkState:
    """What `link` remembers. A run does not change it but gives another."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    def encode(self) -> bytes:
        """Return the state as bytes."""
        return _ENCODER.encode(self.stored)

    @classmethod
    def decode(cls, data: bytes) -> LinkState | None:
        """Return the state in some bytes; None where they are of another format or damaged."""
        try:
            stored = _DECODER.decode(data)
        except msgspec.DecodeError:
            return None
        return cls(stored) if stored.format == FORMAT else None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Stored)
_FACES = msgspec.msgpack.Decoder(Face)
_Items = dict[str, dict[int, msgspec.Raw]]
"""Item -> bucket -> users."""
_ITEMS = msgspec.msgpack.Decoder(_Items)
_NOBODY = msgspec.Raw(_ENCODER.encode([]))
_BUCKET_BITS = 8
_SKETCHES = msgspec.msgpack.Decoder(Sketch)


def empty(python_version: tuple[int, int]) -> Stored:
    """The state before the first run."""
    return Stored(FORMAT, python_version, 0, {}, {}, {}, {}, {}, {}, {}, {}, {}, encoded({}))


class Cells(dict[str, _Value]):
    """Path -> value: what this run has made, over what is stored, decoded on demand."""

    def __init__(
        self, stored: dict[str, msgspec.Raw], decode: Callable[[msgspec.Raw], _Value], missing: _Value
    ) -> None:
        super().__init__()
        self.stored = stored
        self._decode = decode
        self._empty = missing

    def __missing__(self, key: str) -> _Value:
        raw = self.stored.get(key)
        value = self._empty if raw is None else self._decode(raw)
        self[key] = value
        return value


def faces(stored: Stored) -> Cells[Face]:
    """The stored faces."""
    return Cells(stored.faces, _FACES.decode, EMPTY_FACE)


def sketches(stored: Stored) -> Cells[Sketch]:
    """The stored sketches."""
    return Cells(stored.sketches, _SKETCHES.decode, Sketch())


def encoded(value: object) -> msgspec.Raw:
    """Encode one value for the state."""
    return msgspec.Raw(_ENCODER.encode(value))


User = TypeVar("User", int, tuple[int, str])
Fact = tuple[str, str]


class Users(Generic[User]):
    """Provider -> item -> users.

    A fact that everybody uses has very many users: they are kept in buckets by the number of their file, each decoded
    and encoded by itself, so that what one file asks anew costs one bucket.
    """

    def __init__(self, stored: dict[str, msgspec.Raw], kind: type[User]) -> None:
        self._stored = stored
        self._decoder: msgspec.msgpack.Decoder[list[User]]
        self._decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
        self._items: dict[str, _Items] = {}
        self._buckets: dict[tuple[Fact, int], list[User]] = {}
        """What was decoded."""
        self._changed: dict[tuple[Fact, int], None] = {}

    def of(self, provider: str, item: str) -> Iterator[User]:
        """Who used one fact."""
        fact = (provider, item)
        for bucket in self._of(provider).get(item, ()):
            yield from self._bucket(fact, bucket)

    def _of(self, provider: str) -> _Items:
        items = self._items.get(provider)
        if items is None:
            raw = self._stored.get(provider)
            items = self._items[provider] = {} if raw is None else _ITEMS.decode(raw)
        return items

    def _bucket(self, fact: Fact, bucket: int) -> list[User]:
        users = self._buckets.get((fact, bucket))
        if users is None:
            raw = self._of(fact[0]).setdefault(fact[1], {}).setdefault(bucket, _NOBODY)
            users = self._buckets[fact, bucket] = self._decoder.decode(raw)
        return users

    def change(self, user: User, before: Iterable[Fact], after: Iterable[Fact]) -> None:
        """Let a user depend on other facts than before."""
        old, new = set(before), set(after)
        bucket = (user if isinstance(user, int) else user[0]) >> _BUCKET_BITS
        for fact in old ^ new:
            users = self._bucket(fact, bucket)
            if fact in new:
                users.append(user)
            else:
                users.remove(user)
            self._changed[fact, bucket] = None

    def save(self) -> dict[str, msgspec.Raw]:
        """The encoded form, with what was changed."""
        saved = dict(self._stored)
        changed: dict[str, _Items] = {}
        for (provider, item), bucket in self._changed:
            items = changed.get(provider)
            if items is None:
                items = changed[provider] = dict(self._of(provider))
            users = self._buckets[(provider, item), bucket]
            buckets = items[item] = {**items.get(item, {}), bucket: encoded(sorted(users))}
            if not users:
                del buckets[bucket]
            if not buckets:
                del items[item]
        for provider, items in changed.items():
            if items:
                saved[provider] = encoded(items)
            else:
                saved.pop(provider, None)
        return saved
