"""The reference of tables and settings: made of the code that decides them, so that it cannot say otherwise."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from codeintel_enrich.cli.show import print_json, say
from codeintel_enrich.engine.rules.config import TABLE, CheckConfig, Config, DiffConfig, IndexConfig
from codeintel_enrich.model.config import OverlayConfig, SlicesConfig
from codeintel_enrich.model.tables import RELATIONS, SCHEMA_CHANGES, SCHEMA_POLICY, SCHEMA_VERSION, Column, Table, View

_SECTIONS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    (f"tool.{TABLE}", Config),
    (f"tool.{TABLE}.index", IndexConfig),
    (f"tool.{TABLE}.check", CheckConfig),
    (f"tool.{TABLE}.overlays", OverlayConfig),
    (f"tool.{TABLE}.slices", SlicesConfig),
    (f"tool.{TABLE}.diff", DiffConfig),
)
_JSON = (
    *("", "## JSON", ""),
    "With `--json` a command prints one document in UTF-8, indented by two spaces, with a newline at its end.",
    "",
    "- Keys stand in the order of the columns that were asked for, or of the fields that the answer has.",
    "- Keys that are names, such as paths, stages and tables, are sorted.",
    "- NaN and the infinities are null. Times are text in ISO 8601, and so is what JSON has no form for.",
    "",
    "`slices` prints lines instead: one object a line, without spaces, its keys sorted.",
)
"""What `cli.show.print_json` and `cli.slices` hold to."""
_TYPES = {
    "text": "text",
    "texts": "list of text",
    "integer": "integer",
    "long": "long",
    "real": "real",
    "boolean": "boolean",
}
_NAMES = {str: "text", int: "integer", float: "number", bool: "true or false"}


def show_reference(as_json: bool) -> None:
    """Print it."""
    if as_json:
        print_json(reference_data())
    else:
        say(reference())


def reference() -> str:
    """Every table of the store and every setting, as Markdown."""
    lines = [
        "# Reference",
        "",
        "Made by `codeintel-enrich reference` from the code; a test compares.",
        "",
        "## Tables",
        "",
        f"Schema version {SCHEMA_VERSION}. Lines count from 1, columns from 0 in code points, bytes from 0; ends are"
        " exclusive.",
        "",
        f"Versions are {SCHEMA_POLICY}. `meta` has the version of a store.",
        "",
        *(f"- {version}: {change}" for version, change in SCHEMA_CHANGES),
    ]
    for relation in RELATIONS:
        lines += _relation(relation)
    lines += ["", "## Settings", "", "In the indexed repository's `pyproject.toml`. Unknown keys are errors."]
    for name, struct in _SECTIONS:
        lines += _section(name, struct)
    return "\n".join([*lines, *_JSON]) + "\n"


def reference_data() -> dict[str, Any]:
    """The same for machines."""
    return {
        "schema_version": SCHEMA_VERSION,
        "schema_policy": SCHEMA_POLICY,
        "schema_changes": dict(SCHEMA_CHANGES),
        "tables": RELATIONS,
        "settings": {name: list(map(_setting, _settings(struct))) for name, struct in _SECTIONS},
    }


def _relation(relation: Table | View) -> list[str]:
    kind = "view" if isinstance(relation, View) else "table"
    key = ", ".join(f"`{name}`" for name in relation.key)
    rows = [f"| `{column.name}` | {_column_type(column)} | {_cell(column.doc)} |" for column in relation.columns]
    head = ["| column | type | |", "| --- | --- | --- |"]
    return ["", f"### `{relation.name}`", "", f"{relation.doc} ({kind}; key: {key}).", "", *head, *rows]


def _column_type(column: Column) -> str:
    return _TYPES[column.type] + (" or null" if column.optional else "")


def _section(name: str, struct: type[msgspec.Struct]) -> list[str]:
    rows = [
        f"| `{item['key']}` | {_cell(item['type'])} | {_code(item['default'])} | {_cell(item['doc'])} |"
        for item in map(_setting, _settings(struct))
    ]
    return ["", f"### `[{name}]`", "", "| key | type | default | |", "| --- | --- | --- | --- |", *rows]


def _settings(struct: type[msgspec.Struct]) -> Iterator[tuple[msgspec.structs.FieldInfo, str]]:
    """Each setting that is no table of its own, with the text below it in the code."""
    docs = _texts(struct)
    for field in msgspec.structs.fields(struct):
        if not (isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)):
            yield field, docs.get(field.name, "")


def _setting(item: tuple[msgspec.structs.FieldInfo, str]) -> dict[str, str]:
    field, doc = item
    return {
        "key": field.encode_name,
        "type": _type(field.type),
        # TOML writes these values as JSON does.
        "default": "" if field.default is None else msgspec.json.encode(field.default).decode(),
        "doc": doc,
    }


def _texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Field -> the string that follows it in the source of its class, on one line."""
    # Python keeps no docstrings of fields: only the source has them.
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())  # type: ignore[attr-defined]
    return found


def _type(annotation: Any) -> str:
    """A setting's type in words."""
    if annotation in _NAMES:
        return _NAMES[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f'"{part}"' for part in parts)
    if origin is tuple:
        return f"list of {_type(parts[0])}"
    # What is left is an optional or an annotated type: the first part says what.
    return _type(parts[0])


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
