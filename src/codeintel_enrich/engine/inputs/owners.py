"""Who owns each file, by CODEOWNERS."""

from pathlib import Path

from codeintel_enrich.engine.inputs.external import ExternalInput, MadeInput, encoded
from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.files.inside import bytes_inside
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.digest import digest


class OwnersInput(ExternalInput):
    """What the repository's CODEOWNERS file says of each path."""

    name = "owners"
    stage = "context"

    @property
    def title(self) -> str:
        """As people call it."""
        return self.name

    @property
    def is_wanted(self) -> bool:
        """Whether owners are asked for."""
        return self.state.project.config.owners

    def policy(self) -> object:
        """The stamps of the files that count."""
        # All places, also those without a file: one that appears in an earlier place is the one that counts.
        stamps = [FileStamp.of(self.state.places.root / place) for place in _places()]
        return self.name, stage_version(self.stage), stamps

    def made_from(self) -> str:
        """The rules, and the paths that they are asked about."""
        place, data = self._codeowners()
        # Whether there are such files now, not what is in them: owners depend on paths alone.
        return config_digest(place, digest(data), sorted(self.state.files))

    def make(self) -> MadeInput:
        """Ask the rules about every file. Raises UsageError for a CODEOWNERS file that is none."""
        from codeintel_enrich.formats.codeowners import read_codeowners

        place, data = self._codeowners()
        if not place:
            left_out = {"CODEOWNERS": f"there is none; looked for {', '.join(_places())}"}
            return self.split(self.made_from(), {}, producer=self.name, left_out=left_out)
        owners_of = read_codeowners(data, place)
        parts = [(path, FileContext(owners=owners)) for path in sorted(self.state.files) if (owners := owners_of(path))]
        return self.split(self.made_from(), encoded(parts), producer=self.name, left_out={})

    def _codeowners(self) -> tuple[str, bytes]:
        """Place and bytes of the file that counts; empty ones where there is none."""
        root: Path = self.state.places.root
        for place in _places():
            if (data := bytes_inside(root, root / place)) is not None:
                return place, data
        return "", b""


def _places() -> tuple[str, ...]:
    from codeintel_enrich.formats.codeowners import PLACES

    return PLACES
