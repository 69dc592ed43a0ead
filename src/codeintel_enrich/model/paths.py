"""Relative paths as text: forward slashes, no dots in them, no working directory."""

from codeintel_enrich.model.digest import digest

LONGEST_NAME_BYTES = 200
"""Longer names of files and folders are cut, so that what is added to them still fits what file systems take: 255 bytes
on most."""


def relative_path(path: str, folder: str) -> str:
    """The way from a folder (empty for the root) to a path; both are relative to the same root."""
    parts, above = path.split("/"), folder.split("/") if folder else []
    shared = 0
    while shared < min(len(parts) - 1, len(above)) and parts[shared] == above[shared]:
        shared += 1
    return "/".join([".."] * (len(above) - shared) + parts[shared:])


def short_name(name: str) -> str:
    """A file's or folder's name that is not too long: the end of a long one becomes a digest of all of it."""
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= LONGEST_NAME_BYTES:
        return name
    # File systems count bytes; a character that is cut through is left out.
    head = encoded[: LONGEST_NAME_BYTES - 33].decode("utf-8", "ignore")
    return f"{head}~{digest(encoded)}"


def short_path(path: str) -> str:
    """A relative path of short names."""
    if path.isascii() and len(path) <= LONGEST_NAME_BYTES:
        return path
    return "/".join(map(short_name, path.split("/")))
