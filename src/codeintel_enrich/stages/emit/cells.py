"""The rows of `cells`: the lines of a notebook's code, and where in the file they stand."""

from codeintel_enrich.model.notebook import Notebook, spans_of
from codeintel_enrich.model.tables import CellRow


def cell_rows(path: str, notebook: Notebook) -> list[CellRow]:
    """One row for each line of each code cell."""
    return [
        CellRow(
            path=path,
            cell=line.cell,
            line=line.line,
            is_python=line.is_code,
            start_line=start_line,
            start_col=start_col,
            start_byte=start_byte,
            end_byte=end_byte,
        )
        for line, (start_line, start_col, start_byte, end_byte) in zip(
            notebook.lines, spans_of(notebook.lines), strict=True
        )
    ]
