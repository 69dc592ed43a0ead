"""Whether a notebook is Python's, by what its metadata says of its kernel; reads no JSON and opens nothing."""

import re

# Both are flat objects in every version of the format; anything else is left to whoever reads the notebook.
_KERNEL = re.compile(rb'"kernelspec"\s*:\s*\{([^{}]*)\}')
_LANGUAGE = re.compile(rb'"language"\s*:\s*"([^"\\]+)"')
_INFO = re.compile(rb'"language_info"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?"name"\s*:\s*"([^"\\]+)"')
_PYTHON = frozenset(("python", "python3", "ipython", "sage"))


def other_kernel(data: bytes) -> str | None:
    """Why a notebook is not Python's; None for one that is, or does not say."""
    # The last of its name: text in a cell that looks alike has its quotes escaped, but an output may be JSON itself.
    kernels = _KERNEL.findall(data)
    said = _LANGUAGE.search(kernels[-1]) if kernels else None
    languages = [said[1]] if said else _INFO.findall(data)[-1:]
    for language in languages:
        name = language.decode("utf-8", "replace")
        if name.lower() not in _PYTHON:
            return f"a notebook in {name}"
    return None
