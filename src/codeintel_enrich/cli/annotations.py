"""Changes of an API for machines that show them beside the code: GitHub's workflow commands, and SARIF 2.1.0."""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.commands.diff import ApiChange, ApiDiff

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class _Note(msgspec.Struct, frozen=True):
    """One reason why users feel a change, where it is to be shown."""

    rule: str
    level: Literal["error", "note"]
    text: str
    name: str
    path: str | None
    line: int


def github_annotations(found: ApiDiff) -> str:
    """One workflow command a reason, errors for what breaks and notices for what may."""
    lines: list[str] = []
    for note in _notes(found):
        place = "" if note.path is None else f"file={_property(note.path)},line={note.line},"
        command = {"error": "error", "note": "notice"}[note.level]
        lines.append(f"::{command} {place}title={_property(note.rule)}::{_data(f'{note.name}: {note.text}')}\n")
    return "".join(lines)


def sarif(found: ApiDiff) -> dict[str, Any]:
    """The same as a log of one run, with a rule for each kind of reason."""
    notes = list(_notes(found))
    rules = sorted({note.rule for note in notes})
    driver = {
        "name": "codeintel-enrich",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": rule.replace("-", " ")}} for rule in rules],
    }
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(note, rules.index(note.rule)) for note in notes],
            }
        ],
    }


def _notes(found: ApiDiff) -> Iterator[_Note]:
    for change in (*found.removed, *found.broken, *found.moved, *found.signatures, *found.unknown):
        yield from _of_change(change)
    for item in found.findings:
        yield _Note(item.kind, "error", item.message, item.path, item.path, item.line)


def _of_change(change: ApiChange) -> Iterator[_Note]:
    also = f" (and {len(change.also)} more names)" if change.also else ""
    for reason in change.reasons:
        level: Literal["error", "note"] = "error" if reason.is_breaking else "note"
        yield _Note(reason.rule, level, f"{reason.text}{also}", change.name, change.path, change.line)


def _result(note: _Note, index: int) -> dict[str, Any]:
    # What makes a finding the same in the next run: not its line, which edits above it move.
    mark = hashlib.sha256(f"{note.rule}\0{note.name}\0{note.text}".encode()).hexdigest()[:32]
    place: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": note.name}]}
    if note.path is not None:
        place["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(note.path), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": note.line},
        }
    return {
        "ruleId": note.rule,
        "ruleIndex": index,
        "level": note.level,
        "message": {"text": f"{note.name}: {note.text}"},
        "locations": [place],
        "partialFingerprints": {"apiChange/v1": mark},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogateescape"))


# What the runner itself decodes, in its `toolkit/packages/core`: a value may hold neither line ends nor separators.
def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
