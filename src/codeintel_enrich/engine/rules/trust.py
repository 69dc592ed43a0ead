"""Which trees the user trusts: theirs to say, on the command line or in a file of their own, never the tree's."""

import os
import tomllib
from pathlib import Path

from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.stat import bytes_of


def user_settings() -> Path:
    """The user's own file, whether it is there or not."""
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(folder) / "codeintel-enrich" / "config.toml"


def trusts(root: Path) -> bool:
    """Whether the user's own file says `trust = true`, or lists the tree or a folder around it.

    Raises UsageError where it says anything else.
    """
    path = user_settings()
    # What lies in the tree is not the user's word, wherever the environment says that such files are.
    if not path.is_absolute() or path.resolve().is_relative_to(root) or (data := bytes_of(path)) is None:
        return False
    try:
        said = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    wanted = said.get("trust", False)
    if said.keys() - {"trust"}:
        raise UsageError(f"{path}: unknown key {min(said.keys() - {'trust'})!r}; it may say `trust`")
    if isinstance(wanted, bool):
        return wanted
    if isinstance(wanted, list) and all(isinstance(folder, str) for folder in wanted):
        return any(root.is_relative_to(Path(folder).expanduser().resolve()) for folder in wanted)
    raise UsageError(f"{path}: `trust` is true, false, or a list of folders")
