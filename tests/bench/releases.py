"""What `diff` finds between releases: `python -m tests.bench.releases [PACKAGE ...]`.

Wheels come from the registry and become commits of one repository. Prints a row for each pair of releases: breaking
changes by us and by Griffe's `check`, and of what the changelog names (`NAMED`) how much we tell, with what is missed.
`--show` prints what we tell. The judgement of each finding stands in `releases.md`.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import griffe

from codeintel_enrich.commands.diff import ApiDiff, diff
from codeintel_enrich.engine.state.places import Options

RELEASES: dict[str, tuple[str, ...]] = {
    "flask": ("3.0.3", "3.1.0", "3.1.1", "3.1.2", "3.1.3"),
    "httpx": ("0.27.0", "0.27.1", "0.27.2", "0.28.0", "0.28.1"),
    "click": (
        *("8.1.7", "8.1.8", "8.2.0", "8.2.1", "8.3.0", "8.3.1", "8.3.2", "8.3.3"),
        *("8.4.0", "8.4.1", "8.4.2", "8.5.0", "8.5.1"),
    ),
    "marshmallow": (
        *("3.23.1", "3.23.2", "3.23.3", "3.24.0", "3.24.1", "3.24.2", "3.25.0", "3.25.1", "3.26.0", "3.26.1", "3.26.2"),
        *("4.0.0", "4.0.1", "4.1.0", "4.1.1", "4.1.2", "4.2.0", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.3.0", "4.3.1"),
        "4.4.0",
    ),
}
"""Every release of two years, and the one before."""
_FIELD = "marshmallow.fields"
NAMED: dict[tuple[str, str], tuple[str, ...]] = {
    ("httpx", "0.28.0"): (
        *(f"httpx.{name}: proxies" for name in ("get", "post", "request", "stream", "Client", "AsyncClient")),
        *(f"httpx.{name}: app" for name in ("Client", "AsyncClient")),
    ),
    ("click", "8.2.0"): ("click.testing.CliRunner: mix_stderr", "click.HelpOption"),
    ("click", "8.4.0"): ("click.Parameter.add_to_parser", "click.types.CompositeParamType.arity"),
    ("marshmallow", "4.0.0"): (
        *(f"marshmallow.utils.{name}" for name in ("from_iso_date", "from_iso_time", "from_iso_datetime", "isoformat")),
        *(f"marshmallow.utils.{name}" for name in ("to_iso_time", "from_rfc", "rfcformat", "is_keyed_tuple", "pprint")),
        *("marshmallow.utils.get_fixed_timezone", "marshmallow.base.FieldABC", "marshmallow.base.SchemaABC"),
        *(f"marshmallow.{name}: pass_many" for name in ("pre_load", "post_load", "pre_dump", "post_dump")),
        *("marshmallow.validates_schema: pass_many", "marshmallow.post_load: pass_original", "marshmallow.pprint"),
        *("marshmallow.Schema.context", "marshmallow.Schema: context", "marshmallow.Schema.loads: json_data"),
        *(f"{_FIELD}.UUID: base String", f"{_FIELD}.TimeDelta: serialization_type", f"{_FIELD}.Field.fail"),
        *(f"{_FIELD}.Field: default", f"{_FIELD}.Field: missing", f"{_FIELD}.Field: additional_metadata"),
        *(f"marshmallow.__{name}__" for name in ("version", "parsed_version", "version_info")),
        *("marshmallow.Schema.Meta.ordered", "marshmallow.SchemaOpts.additional"),
    ),
    ("marshmallow", "4.2.3"): (f"{_FIELD}.Number: num_type", f"{_FIELD}.Mapping: mapping_type"),
}
"""What changelogs name and sources show, by package and release: a name, and behind a colon a part of the reason."""


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=list(RELEASES))
    arguments.add_argument("--show", action="store_true", help="print every breaking change")
    chosen = arguments.parse_args()
    print("| package | releases | we | Griffe | changelog | missed |\n| --- | --- | --- | --- | --- | --- |")
    for package in chosen.packages:
        with tempfile.TemporaryDirectory() as folder:
            for old, new, found, theirs in compared(package, RELEASES[package], Path(folder)):
                named = NAMED.get((package, new), ())
                missed = [name for name in named if not tells(found, name)]
                cells = (package, f"{old} -> {new}", len(found.breaking), theirs, len(named), ", ".join(missed))
                print("|", " | ".join(map(str, cells)), "|", flush=True)
                for change in found.breaking if chosen.show else ():
                    print(f"    {change.name}: {change.why}")


def compared(package: str, releases: Sequence[str], folder: Path) -> Iterator[tuple[str, str, ApiDiff, int]]:
    """Every pair of releases that follow each other: what we find, and how much Griffe does."""
    repository = folder / "repository"
    repository.mkdir()
    _git(repository, "init", "-q")
    for version in releases:
        wheel = _wheel(package, version, folder)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / version)
        shutil.rmtree(repository / package, ignore_errors=True)
        shutil.copytree(folder / version / package, repository / package)
        _git(repository, "add", "-A")
        _git(repository, "commit", "-q", "--allow-empty", "-m", version)
        _git(repository, "tag", f"v{version}")
    options = Options(root=repository, cache_dir=folder / "cache", jobs=1)
    for old, new in pairwise(releases):
        yield old, new, diff(options, f"v{old}..v{new}"), _by_griffe(package, folder / old, folder / new)


def tells(found: ApiDiff, named: str) -> bool:
    """Whether a breaking change of that name is told, for that reason where one is asked for."""
    name, _, why = named.partition(": ")
    return any(name in (change.name, *change.also) and why in change.why for change in found.breaking)


def _wheel(package: str, version: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder)]
    # As a newer Python: a release that needs one is compared all the same.
    command += ["--python-version", "3.13", f"{package}=={version}"]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob(f"{package}-{version}-*.whl"))


def _by_griffe(package: str, old: Path, new: Path) -> int:
    before, after = (
        griffe.load(package, search_paths=[str(side)], allow_inspection=False, resolve_aliases=True)
        for side in (old, new)
    )
    return sum(1 for _ in griffe.find_breaking_changes(before, after))


def _git(folder: Path, *words: str) -> None:
    nobody = ("-c", "user.email=somebody@example.org", "-c", "user.name=Somebody")
    subprocess.run(["git", *nobody, *words], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main()
