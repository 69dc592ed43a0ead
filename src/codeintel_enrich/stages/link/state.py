"""What `link` remembers between runs, and its encoding.

Everything about one module is kept encoded until somebody asks for it, so a state of ten thousand modules loads in
milliseconds: a run after one edit looks at a few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.dependencies import Dependency
from codeintel_enrich.stages.link.namespace import EMPTY_NAMESPACE, Namespace
from codeintel_enrich.stages.link.summary import ModuleSummary

FORMAT = 9
"""Raised whenever a stored struct changes its meaning; a state of another format is no state."""

_Value = TypeVar("_Value")


class LinkedFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one file without decoding anything."""

    name: ModuleName
    """Without what the file sees."""
    sees: str
    """Digest of that; empty where it sees nothing of its own."""
    interface_digest: str
    linked_digest: str
    """Digest of its linked module."""
    number: int
    """Stands for the path among dependents, where a path would be stored thousands of times; never used again once the
    file is gone."""


class StoredState(msgspec.Struct, array_like=True):
    """The encoded form: everything behind a `Raw` is decoded on demand."""

    format: int
    python_version: tuple[int, int]
    next_number: int
    files: dict[str, LinkedFile]
    summaries: dict[str, msgspec.Raw]
    namespaces: dict[str, msgspec.Raw]
    namespace_dependencies: dict[str, msgspec.Raw]
    """Path -> what its namespace was made from."""
    node_dependencies: dict[str, msgspec.Raw]
    """Path -> node -> what it was answered from."""
    namespace_dependents: dict[str, msgspec.Raw]
    """Provider -> item -> numbers of the files whose namespace was made from it."""
    node_dependents: dict[str, msgspec.Raw]
    """Provider -> item -> (number, node) pairs."""
    reads: dict[str, tuple[str, ...]]
    """Path -> the modules its namespace is made from; only files that have any."""
    patches: dict[str, tuple[tuple[str, str, str], ...]]
    """Path -> what it sets in other modules, as its summary has it; only files that have any."""
    loaders: msgspec.Raw
    """Dotted name that may be a module -> how many files import it at run time."""
    asked: dict[str, str]
    """Key of a module that is not in the tree -> why it may be there; empty where nothing speaks for it."""
    others: dict[str, str] = {}
    """Further dotted names that lead to files -> the file's path."""


class LinkState:
    """What `link` remembers. A run does not change it but gives another."""

    def __init__(self, stored: StoredState) -> None:
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
_DECODER = msgspec.msgpack.Decoder(StoredState)
_NAMESPACES = msgspec.msgpack.Decoder(Namespace)
_SUMMARIES = msgspec.msgpack.Decoder(ModuleSummary)
_Items = dict[str, dict[int, msgspec.Raw]]
"""Item -> bucket -> dependents."""
_ITEMS = msgspec.msgpack.Decoder(_Items)
_NOBODY = msgspec.Raw(_ENCODER.encode([]))
_BUCKET_BITS = 8
"""A bucket holds the dependents among 256 files."""


def empty_state(python_version: tuple[int, int]) -> StoredState:
    """The state before the first run."""
    return StoredState(FORMAT, python_version, 0, {}, {}, {}, {}, {}, {}, {}, {}, {}, encoded({}), {})


class DecodedOnDemand(dict[str, _Value]):
    """Path -> value: what this run has made, over what is stored and decoded when first asked for."""

    def __init__(
        self, stored: dict[str, msgspec.Raw], decode: Callable[[msgspec.Raw], _Value], missing: _Value
    ) -> None:
        super().__init__()
        self._stored = stored
        self._decode = decode
        self._empty = missing

    def __missing__(self, key: str) -> _Value:
        raw = self._stored.get(key)
        value = self._empty if raw is None else self._decode(raw)
        self[key] = value
        return value


def stored_namespaces(stored: StoredState) -> DecodedOnDemand[Namespace]:
    """The stored namespaces."""
    return DecodedOnDemand(stored.namespaces, _NAMESPACES.decode, EMPTY_NAMESPACE)


def stored_summaries(stored: StoredState) -> DecodedOnDemand[ModuleSummary]:
    """The stored summaries."""
    return DecodedOnDemand(stored.summaries, _SUMMARIES.decode, ModuleSummary())


def encoded(value: object) -> msgspec.Raw:
    """Encode one value for the state."""
    return msgspec.Raw(_ENCODER.encode(value))


_Dependent = TypeVar("_Dependent", int, tuple[int, str])


class Dependents(Generic[_Dependent]):
    """Provider -> item -> dependents: the recorded dependencies, the other way round.

    A dependent is the number of a file, or that and a node. What everybody asks for has very many dependents: they are
    kept in buckets by the number of their file, each decoded and encoded by itself, so that what one file asks anew
    costs one bucket.
    """

    def __init__(self, stored: dict[str, msgspec.Raw], kind: type[_Dependent]) -> None:
        self._stored = stored
        self._decoder: msgspec.msgpack.Decoder[list[_Dependent]]
        self._decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
        self._items: dict[str, _Items] = {}
        self._buckets: dict[tuple[Dependency, int], list[_Dependent]] = {}
        """What was decoded."""
        self._changed: dict[tuple[Dependency, int], None] = {}

    def of(self, provider: str, item: str) -> Iterator[_Dependent]:
        """Who depends on one item of a provider."""
        dependency = (provider, item)
        for bucket in self._of(provider).get(item, ()):
            yield from self._bucket(dependency, bucket)

    def _of(self, provider: str) -> _Items:
        items = self._items.get(provider)
        if items is None:
            raw = self._stored.get(provider)
            items = self._items[provider] = {} if raw is None else _ITEMS.decode(raw)
        return items

    def _bucket(self, dependency: Dependency, bucket: int) -> list[_Dependent]:
        dependents = self._buckets.get((dependency, bucket))
        if dependents is None:
            provider, item = dependency
            # The bucket is put in its place at once, so that `of` finds who is added to it in this very run.
            raw = self._of(provider).setdefault(item, {}).setdefault(bucket, _NOBODY)
            dependents = self._buckets[dependency, bucket] = [] if raw is _NOBODY else self._decoder.decode(raw)
        return dependents

    def change(self, dependent: _Dependent, before: Iterable[Dependency], after: Iterable[Dependency]) -> None:
        """Let a dependent have other dependencies than before."""
        old, new = set(before), set(after)
        bucket = (dependent if isinstance(dependent, int) else dependent[0]) >> _BUCKET_BITS
        # A removal takes time linear in its bucket: another reason for many small ones.
        for dependency in old ^ new:
            dependents = self._bucket(dependency, bucket)
            if dependency in new:
                dependents.append(dependent)
            else:
                dependents.remove(dependent)
            self._changed[dependency, bucket] = None

    def save(self) -> dict[str, msgspec.Raw]:
        """The encoded form, with what was changed; providers that nobody asked are shared with the form before."""
        saved = dict(self._stored)
        changed: dict[str, _Items] = {}
        for (provider, item), bucket in self._changed:
            items = changed.get(provider)
            if items is None:
                items = changed[provider] = dict(self._of(provider))
            dependents = self._buckets[(provider, item), bucket]
            # Sorted, so that the bytes do not depend on the order in which a run came by.
            buckets = items[item] = {**items.get(item, {}), bucket: encoded(sorted(dependents))}
            if not dependents:
                del buckets[bucket]
            if not buckets:
                del items[item]
        for provider, items in changed.items():
            if items:
                saved[provider] = encoded(items)
            else:
                saved.pop(provider, None)
        return saved
