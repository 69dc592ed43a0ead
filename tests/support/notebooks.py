"""Notebooks as Jupyter writes them."""

import json
from typing import Any


def code(text: str, *outputs: object, as_lines: bool = True) -> dict[str, Any]:
    """A code cell."""
    source = text.splitlines(keepends=True) if as_lines else text
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": list(outputs), "source": source}


def prose(text: str) -> dict[str, Any]:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def printed(text: str) -> dict[str, Any]:
    """An output."""
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def notebook(*cells: object, language: str | None = "python", indent: int | None = 1, ascii_only: bool = False) -> str:
    """The file: indented and in UTF-8 as Jupyter has it, unless other forms are asked for."""
    metadata = {"kernelspec": {"display_name": language, "language": language, "name": "k"}} if language else {}
    content = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(content, indent=indent, ensure_ascii=ascii_only) + "\n"


def old_notebook(*inputs: list[str]) -> str:
    """One in version 3 of the format."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "collapsed": False, "input": lines, "language": "python", "metadata": {}, "outputs": []}
        for lines in inputs
    ]
    cells.insert(1, {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["x = 1"]})
    content = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    return json.dumps({**content, "worksheets": [{"cells": cells[:2], "metadata": {}}, {"cells": cells[2:]}]}, indent=1)
