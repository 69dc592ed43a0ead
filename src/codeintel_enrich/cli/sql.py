"""How the answer to a question in SQL is shown: a table, JSON or CSV."""

import csv
import sys
from pathlib import Path

from codeintel_enrich.cli.show import print_json, print_table
from codeintel_enrich.errors import UsageError
from codeintel_enrich.store.ask import ask


def show_answer(store: Path, question: str, *, as_json: bool, as_csv: bool, full: bool) -> None:
    """Print the rows. Raises UsageError for a question that is wrong, and for two formats at once."""
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other; choose one")
    answer = ask(store, sys.stdin.read() if question == "-" else question)
    if as_json:
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif as_csv:
        # The module ends lines with CRLF unless asked not to, which tools on our systems take for a part of the cell.
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    else:
        rows = [["" if cell is None else str(cell) for cell in row] for row in answer.rows]
        places = [name for name in answer.columns if name == "path" or name.endswith("_path")]
        print_table("", answer.columns, rows, full=full, whole=places)
        print(f"{len(rows)} row{'s' * (len(rows) != 1)}")
