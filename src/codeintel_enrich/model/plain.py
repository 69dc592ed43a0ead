"""Text for a terminal: what is in it is shown, and steers nothing."""

_STEERING = (
    *range(0x20),
    *range(0x7F, 0xA0),
    # What turns the direction of writing around shows names, and whole lines, as what they are not.
    *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
_ESCAPED = {code: repr(chr(code))[1:-1] for code in _STEERING if chr(code) not in "\n\t"}


def plain(text: str) -> str:
    """The text with control characters, line ends and tabs apart, as Python writes them.

    Names, paths and messages are of analysed code, and escape sequences in them would move the cursor, rename the
    window or hide lines.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPED)
