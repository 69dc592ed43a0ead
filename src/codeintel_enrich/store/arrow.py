"""Packed rows of many files become Arrow tables: buffers are joined, no cell becomes a Python object."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from codeintel_enrich.model.rows import TYPECODES, PackedRows
from codeintel_enrich.model.tables import Table

_INT = TYPECODES["texts"]
_INT_BYTES = array(_INT).itemsize


def arrow_tables(files: Sequence[PackedRows], tables: Sequence[Table]) -> Iterator[tuple[Table, Any]]:
    """One Arrow table for each table that has rows, those of the files end to end.

    Nulls of optional integers, reals and booleans still are their stand-ins (`NULL_INTEGER`, NaN).
    """
    import pyarrow as pa

    pool = _Pool(files)
    for table in tables:
        places = [index for index, file in enumerate(files) if file.counts.get(table.name)]
        if places:
            columns = _columns(table, [files[index] for index in places], places, pool)
            yield table, pa.table(columns, names=[column.name for column in table.columns])


def _columns(table: Table, files: Sequence[PackedRows], places: Sequence[int], pool: "_Pool") -> list[Any]:
    """`files` have rows of the table; `places` are their positions in the pool."""
    import pyarrow as pa

    arrow_types = {"integer": pa.int32(), "long": pa.int64(), "real": pa.float64(), "boolean": pa.int8()}
    row_shifts = pool.shifts([file.counts[table.name] for file in files], places)
    buffers = iter(list(zip(*(file.columns[table.name] for file in files), strict=True)))
    made: list[Any] = []
    for column in table.columns:
        parts = next(buffers)
        joined = b"".join(parts)
        if column.type == "text":
            made.append(pool.texts(joined, row_shifts))
        elif column.type == "texts":
            cells = next(buffers)
            offsets = array(_INT, accumulate(array(_INT, joined), initial=0))
            cell_shifts = pool.shifts([len(part) // _INT_BYTES for part in cells], places)
            made.append(
                pa.ListArray.from_arrays(
                    pa.Array.from_buffers(pa.int32(), len(offsets), [None, pa.py_buffer(offsets.tobytes())]),
                    pool.texts(b"".join(cells), cell_shifts),
                )
            )
        else:
            # No bitmap of nulls: to make one, each cell would have to be looked at here, while SQL turns the stand-ins
            # into nulls as it inserts.
            count = len(joined) // array(TYPECODES[column.type]).itemsize
            made.append(pa.Array.from_buffers(arrow_types[column.type], count, [None, pa.py_buffer(joined)]))
    return made


class _Pool:
    """The string pools of several files end to end, as one Arrow array."""

    def __init__(self, files: Sequence[PackedRows]) -> None:
        import pyarrow as pa

        lengths = array(_INT, b"".join(file.string_lengths for file in files))
        sizes = [len(file.string_lengths) // _INT_BYTES for file in files]
        offsets = array(_INT, accumulate(lengths, initial=0))
        self._starts = list(accumulate(sizes, initial=0))[:-1]
        # Arrow's bitmap, lowest bit first: the first string of each pool is null, all others are not.
        valid = bytearray(b"\xff" * (len(lengths) // 8 + 1))
        for start in self._starts:
            valid[start >> 3] &= ~(1 << (start & 7))
        self._strings = pa.Array.from_buffers(
            pa.string(),
            len(lengths),
            [
                pa.py_buffer(bytes(valid)),
                pa.py_buffer(offsets.tobytes()),
                pa.py_buffer(b"".join(file.strings for file in files)),
            ],
        )

    def shifts(self, counts: Sequence[int], files: Sequence[int]) -> Any:
        """What to add to the string numbers of the given files, `counts` of each; None where it is nothing."""
        runs = [(count, self._starts[file]) for count, file in zip(counts, files, strict=True) if count]
        if not any(start for _, start in runs):
            return None
        # Not by `pa.array`, which looks for pandas each time.
        return _integers(b"".join(array(_INT, [start]).tobytes() * count for count, start in runs))

    def texts(self, numbers: bytes, shifts: Any) -> Any:
        """The strings behind string numbers.

        Plain ones: DuckDB cannot read a batch that has only empty lists of dictionary-encoded strings.
        """
        import pyarrow.compute as pc

        indices = _integers(numbers)
        return pc.take(self._strings, indices if shifts is None else pc.add(indices, shifts))


def _integers(data: bytes) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), len(data) // _INT_BYTES, [None, pa.py_buffer(data)])
