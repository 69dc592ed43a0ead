"""The splitting of a text that is too long into windows at lines."""

from collections.abc import Callable


def windows(text: str, count_tokens: Callable[[str], int], max_tokens: int) -> list[str]:
    """The windows in order; joined by newlines they are the text.

    A window ends before the least indented line of its second half, so that blocks stay together. A single line of
    more than `max_tokens` tokens is a window of its own.
    """
    if count_tokens(text) <= max_tokens:
        return [text]
    lines = text.split("\n")
    # Tokens are counted once per line and summed, with one for the line's end: an estimate, since a tokenizer may join
    # what stands at the border of two lines, but to count every candidate window would take quadratic time.
    costs = [count_tokens(line) + 1 for line in lines]
    cut: list[str] = []
    start = 0
    while start < len(lines):
        end, cost = start, 0
        while end < len(lines) and (end == start or cost + costs[end] <= max_tokens):
            cost += costs[end]
            end += 1
        if end < len(lines):
            end = _best_end(lines, start, end)
        cut.append("\n".join(lines[start:end]))
        start = end
    return cut


def _best_end(lines: list[str], start: int, end: int) -> int:
    """The last of the least indented lines that may start the next window."""
    # Not in the first half, where a window would be mostly empty.
    candidates = [
        index for index in range(start + (end - start + 1) // 2, end + 1) if lines[index].strip() and index > start
    ]
    return min(candidates, key=lambda index: (_indentation(lines[index]), -index), default=end)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
