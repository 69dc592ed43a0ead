"""The schema changes by its policy: it is compared with what was published last, which stands beside this test."""

from pathlib import Path

import pytest

from codeintel_enrich.model.tables import RELATIONS, SCHEMA_CHANGES, SCHEMA_VERSION, TABLES

PUBLISHED = Path(__file__).with_name("published_schema.txt")
"""The version, then a line for each key and column; on a change of schema, what the failing test shows goes in here."""


def lines_of_schema() -> list[str]:
    """Everything of the schema that a query can depend on."""
    lines: list[str] = []
    for relation in RELATIONS:
        lines.append(f"{relation.name} has the key {', '.join(relation.key)}")
        lines += [
            f"{relation.name}.{column.name} {column.type}{' or null' if column.optional else ''}"
            for column in relation.columns
        ]
    return lines


def demanded_version(version: str, before: set[str], now: set[str]) -> str:
    """The lowest version that the policy allows for a change of a schema that was published as `version`."""
    major, minor = map(int, version.split("."))
    if before - now:
        return f"{major + 1}.0"
    return f"{major}.{minor + 1}" if now - before else version


def test_the_version_says_how_the_schema_differs_from_what_was_published_last() -> None:
    version, *published = PUBLISHED.read_text(encoding="utf-8").splitlines()
    now = lines_of_schema()
    demanded = demanded_version(version, set(published), set(now))
    assert demanded == SCHEMA_VERSION, f"the change of the schema asks for version {demanded}"
    assert [version, *published] == [SCHEMA_VERSION, *now], f"write the schema of this version into {PUBLISHED.name}"


@pytest.mark.parametrize(
    ("now", "demanded"),
    [
        ({"t.a text", "t.b text"}, "3.4"),
        ({"t.a text", "t.b text", "t.c text"}, "3.5"),
        ({"t.a text"}, "4.0"),
        ({"t.a text", "t.b text or null"}, "4.0"),
    ],
)
def test_an_addition_asks_for_a_minor_version_and_anything_else_for_a_major_one(now: set[str], demanded: str) -> None:
    assert demanded_version("3.4", {"t.a text", "t.b text"}, now) == demanded


def test_versions_in_the_changelog_fall() -> None:
    versions = [tuple(map(int, version.split("."))) for version, _ in SCHEMA_CHANGES]
    assert versions == sorted(set(versions), reverse=True)


def test_every_table_of_files_begins_with_the_path_and_every_key_is_made_of_columns() -> None:
    assert all(table.columns[0].name == "path" for table in TABLES)
    assert all({column.name for column in item.columns}.issuperset(item.key) for item in RELATIONS)
