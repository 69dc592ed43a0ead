"""The schema in DuckDB's SQL, made from the model's tables; every identifier here is one of ours."""

from collections.abc import Iterable, Iterator

from codeintel_enrich.model.tables import LEDGER, META, RELATIONS, TABLES, VIEWS, Column, Table

# Columns of few values are VARCHAR, too: as an ENUM, each new value would change the type of its column.
SQL_TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "integer": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "boolean": "BOOLEAN",
}


def create_statements() -> Iterator[str]:
    """Statements that make an empty store, descriptions included."""
    for table in (*TABLES, LEDGER, META):
        columns = ", ".join(_column(column) for column in table.columns)
        yield f"CREATE TABLE {table.name} ({columns})"
        yield from _comments(table)
    for view in VIEWS:
        yield f"CREATE VIEW {view.name} AS {view.query}"
        yield f"COMMENT ON VIEW {view.name} IS {_literal(view.doc)}"


SHAPE_QUERY = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()"
    " AND NOT internal ORDER BY table_name, column_index"
)
"""What a store's tables and views really look like; see `has_shape`."""


def has_shape(found: Iterable[tuple[str, str, str]]) -> bool:
    """Whether the result of `SHAPE_QUERY` has every table and view just as `create_statements` makes them."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for relation, name, sql_type in found:
        columns.setdefault(relation, []).append((name, sql_type))
    return all(
        columns.get(item.name) == [(column.name, SQL_TYPES[column.type]) for column in item.columns]
        for item in RELATIONS
    )


def cell_hash(table: Table) -> str:
    """Hash of a row's cells, 64 bits. The sum over a table is a checksum that does not depend on the order of rows."""
    return f"hash({', '.join(column.name for column in table.columns)})"


def of_paths(count: int) -> str:
    """Condition for the rows of `count` (at least one) paths, which are bound as parameters.

    A list of constants lets DuckDB skip row groups by their bounds; a join with a list of one would not.
    """
    return f"WHERE path IN ({', '.join('?' * count)})"


def _column(column: Column) -> str:
    return f"{column.name} {SQL_TYPES[column.type]}{'' if column.optional else ' NOT NULL'}"


def _comments(table: Table) -> Iterator[str]:
    yield f"COMMENT ON TABLE {table.name} IS {_literal(table.doc)}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {_literal(column.doc)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
