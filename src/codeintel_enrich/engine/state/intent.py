"""What a build set out to do with our own files: written before it touches the first, taken away when all are done.

It survives whatever ends a build. Whoever finds one knows that none of our files can be trusted to be of one making:
store, published files and what `link` keeps may each be of the last build or of the one that did not come to its end.
"""

from pathlib import Path
from typing import Literal

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.atomic import replace_file


class Intent(msgspec.Struct, frozen=True):
    """What is, or was, being made."""

    stage: Literal["link", "merge"]
    """`link` touches its own state alone."""
    generation: str
    """Key of what is being made."""
    out: str
    """The output folder, as the manifest names files."""
    compare: bool = False
    """Whether files are known to differ from what they should be though they bear their stamps."""


def read_intent(path: Path) -> Intent | None:
    """What a build that did not come to its end was about; None where all did."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Intent)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        # That there is one is what counts: the worst is assumed.
        return Intent("merge", "", "", compare=True)


def write_intent(path: Path, intent: Intent) -> None:
    """Say what is about to be done. Raises EnrichError; nothing may be touched then."""
    try:
        replace_file(path, msgspec.json.encode(intent) + b"\n")
    except OSError as error:
        raise EnrichError(f"{path}: cannot be written ({error}); free the place or use --cache-dir") from error
