"""Paths as indexes and reports of other tools give them, and the files of a tree that they mean."""

import posixpath


def path_fault(path: str) -> str | None:
    """Why a relative path of an index or report can name no file of a tree; None where it can."""
    if not path:
        return "it has no path"
    if path.startswith("/") or path[1:2] == ":":
        return "its path is absolute"
    # Both forms that a path has on Windows, and what no file system takes: none of them is one of our own paths.
    if "\\" in path or "\0" in path:
        return "its path holds a backslash or a NUL"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return "its path is not canonical or leaves the tree"
    return None


def relative_to(path: str, root: str) -> str | None:
    """A reported path relative to the root (absolute, forward slashes), in POSIX form; None where it lies outside."""
    path = path.replace("\\", "/")
    if posixpath.isabs(path):
        prefix = root.rstrip("/") + "/"
        if not path.startswith(prefix):
            return None
        path = path[len(prefix) :]
    path = posixpath.normpath(path)
    return None if path_fault(path) else path
