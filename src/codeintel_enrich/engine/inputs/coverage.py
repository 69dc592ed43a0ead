"""A coverage report that the user's tests wrote, split per file."""

from pathlib import Path

from codeintel_enrich.engine.inputs.external import ExternalInput, MadeInput, digest_of_report, encoded, stamped
from codeintel_enrich.model.context import FileContext


class CoverageInput(ExternalInput):
    """Which lines were covered, by a report that lies in the tree. Nobody makes it but the user's own tests."""

    name = "coverage"
    stage = "context"

    @property
    def is_wanted(self) -> bool:
        """Whether the settings name a report, and it is there."""
        path = self.handed_in()
        return path is not None and path.is_file()

    def absent(self) -> str | None:
        """What to say where the settings name a report and there is none."""
        path = self.state.project.config.coverage_xml
        return f"{path} is not there; `coverage xml` writes one" if path is not None and not self.is_wanted else None

    def handed_in(self) -> Path | None:
        """The report that the settings name."""
        path = self.state.project.config.coverage_xml
        return None if path is None else self.state.places.root / path

    def policy(self) -> object:
        """The report."""
        return stamped(self.name, self.given())

    def made_from(self) -> str:
        """The report's bytes, and the files that it is read against."""
        given = self.given()
        assert given is not None, "it is wanted only where there is a report"
        return digest_of_report(given, self.state.files)

    def make(self) -> MadeInput:
        """Nobody but the user makes it."""
        raise AssertionError("it is wanted only where there is a report")

    def read(self, given: Path) -> MadeInput:
        """Read the report. Raises UsageError where it is none, or of another tree."""
        from codeintel_enrich.formats.coverage import read_coverage_xml

        root, files = self.state.places.root.as_posix(), self.state.files
        report = read_coverage_xml(given.read_bytes(), root, files, self.state.project.config.roots, str(given))
        parts = ((path, FileContext(coverage=coverage)) for path, coverage in report.files.items())
        made_from = digest_of_report(given, files)
        return self.split(made_from, encoded(parts), producer=self.name, left_out=report.left_out)
