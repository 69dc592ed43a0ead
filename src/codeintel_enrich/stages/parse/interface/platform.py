"""What the configured Python and platform alone make of well-known names and calls.

Never those of the interpreter that runs this: the same bytes and settings give the same interface on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from codeintel_enrich.model.config import ParseConfig

UNKNOWN: Final = object()
"""The value of what is not known; never equal to another value."""

TYPE_CHECKING_PATHS = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING", "TYPE_CHECKING"})
_SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "Darwin"}
_SIZES = {"c": 1, "h": 2, "i": 4, "q": 8, "P": 8, "f": 4, "d": 8}
"""Sizes in bytes by `struct` code, the same on every 64-bit platform."""


class Version(tuple[int, ...]):
    """`sys.version_info` up to the minor version, with some micro version behind it.

    Settings give no micro version, so a test that depends on it cannot be judged; `values` asks for this type to see.
    """

    __slots__ = ()


def known_names(config: ParseConfig) -> dict[str, Any]:
    """Dotted path -> value."""
    return {
        "sys.version_info": Version((*config.python_version, 1)),
        # 1 as micro version, final: any would do, as for `sys.version_info`.
        "sys.hexversion": config.python_version[0] << 24 | config.python_version[1] << 16 | 0x1F0,
        "sys.version_info.major": config.python_version[0],
        "sys.version_info.minor": config.python_version[1],
        "sys.platform": config.platform,
        "sys.implementation.name": "cpython",
        # 64 bits are taken for granted.
        "sys.maxsize": 2**63 - 1,
        "os.name": "nt" if config.platform == "win32" else "posix",
        "__debug__": True,
        "six.PY2": False,
        "six.PY3": True,
        **dict.fromkeys(TYPE_CHECKING_PATHS, False),
    }


def known_calls(config: ParseConfig) -> dict[str, Callable[..., Any]]:
    """Dotted path -> function that gives the value of a call of it."""
    return {
        "platform.system": lambda: _SYSTEMS.get(config.platform, UNKNOWN),
        "platform.python_implementation": lambda: "CPython",
        "struct.calcsize": lambda code: {**_SIZES, "l": 4 if config.platform == "win32" else 8}.get(code, UNKNOWN),
    }
