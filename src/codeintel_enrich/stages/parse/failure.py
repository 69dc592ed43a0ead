"""`Failure`: why the bytes of a file cannot be analysed, and where that shows."""


class Failure(Exception):
    """The analysed file is at fault; lines count from 1, columns from 0 in code points."""

    def __init__(self, rule: str, message: str, line: int = 1, column: int = 0) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line
        self.column = column
