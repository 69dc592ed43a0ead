"""The closing summary of a build: what ran, what there is, what was left out and why."""

from collections import Counter

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.rules.layout import Suspect, suspects
from codeintel_enrich.engine.rules.stages import STAGES, stages_of
from codeintel_enrich.engine.state.discovery import printable
from codeintel_enrich.engine.state.outlining import language
from codeintel_enrich.engine.state.state import State

SHOWN = 3
MOST_BROKEN = 10


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One build in numbers. Seconds are wall time, summed over the tasks of a stage."""

    files: int
    """Python files."""
    outlined: dict[str, int]
    """Language -> files of it, which have an outline only."""
    ran: tuple[str, ...]
    """Names of the tasks that ran, sorted."""
    up_to_date: int
    rows: dict[str, int]
    seconds: dict[str, float]
    broken: dict[str, str]
    """Path -> `line: error` of the files that do not parse; their rows say so too."""
    left_out: dict[str, str]
    """What was left out -> why."""
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    """What stopped the build; empty when it ended well."""
    exit_code: int
    """0 done, 2 bad input, 3 the build failed."""
    index_behind: int
    """Files that changed since the SCIP index was made."""

    def ran_by_stage(self) -> dict[str, int]:
        """Stage -> tasks of it that ran."""
        return dict(Counter(name.split(":", 1)[0] for name in self.ran))

    def text(self) -> str:
        """The account as lines a person reads."""
        ran = self.ran_by_stage()
        tasks = ", ".join(f"{stage.name} {ran[stage.name]}" for stage in STAGES if stage.name in ran) or "none"
        lines = [f"{self.files} files; tasks run: {len(self.ran)} ({tasks}); up to date: {self.up_to_date}"]
        if self.outlined:
            lines.append("outlines: " + ", ".join(f"{language} {count}" for language, count in self.outlined.items()))
        if self.rows:
            lines.append(
                "rows: " + ", ".join(f"{table} {count}" for table, count in sorted(self.rows.items()) if count)
            )
        # Less would be printed as 0.00.
        spent = [f"{stage} {seconds:.2f}" for stage, seconds in self.seconds.items() if seconds >= 0.005]
        if spent:
            lines.append("seconds: " + ", ".join(spent))
        if self.index_behind:
            files = "1 file" if self.index_behind == 1 else f"{self.index_behind} files"
            lines.append(f"the SCIP index is {files} behind; `--refresh-index` makes it anew")
        lines += [f"does not parse: {path}:{error}" for path, error in [*self.broken.items()][:MOST_BROKEN]]
        if len(self.broken) > MOST_BROKEN:
            lines.append(f"and {len(self.broken) - MOST_BROKEN} files more that do not parse (table modules)")
        lines += left_out_lines(self.left_out)
        lines += [f"warning: {warning}" for warning in self.warnings]
        lines += [f"error: {error}" for error in self.errors]
        return "".join(f"{line}\n" for line in lines)


def suspected_roots(state: State) -> list[Suspect]:
    """The folders that seem to be import roots, by the imports of the last build, and are none."""
    return suspects(state.manifest.nowhere, state.files, state.project.config.roots, state.project.written_roots)


def left_out_lines(left_out: dict[str, str]) -> list[str]:
    """One line per reason, with a few examples."""
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        # Names of files may hold control characters, which would steer the terminal.
        reasons.setdefault(why, []).append(printable(name))
    return [
        f"left out: {', '.join(names[:SHOWN])}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}: {why}"
        for why, names in reasons.items()
    ]


def summarise(build: Build, errors: tuple[str, ...] = (), exit_code: int = 0) -> Summary:
    """The summary of a build that has ended (or had nothing to do)."""
    state, account, inputs = build.state, build.state.account, build.inputs
    left_out = dict(account.left_out)
    for name, external in state.manifest.externals.items():
        if name in inputs.wanted:
            left_out.update({f"{name}: {path}": why for path, why in external.left_out.items()})
    total = (
        len(state.files) * len(stages_of("module"))
        + len(state.outlined) * len(stages_of("document"))
        + len(inputs.wanted)
        + len(stages_of("repository"))
    )
    return Summary(
        files=len(state.files),
        outlined=dict(sorted(Counter(map(language, state.outlined)).items())),
        ran=tuple(sorted(account.ran)),
        up_to_date=max(0, total - len(account.ran)),
        rows=state.manifest.rows,
        seconds={stage: round(seconds, 3) for stage, seconds in sorted(account.seconds.items())},
        broken=state.manifest.broken,
        left_out=dict(sorted(left_out.items())),
        # Several workers may find the same fault.
        warnings=tuple(dict.fromkeys([*account.warnings, *(each.text() for each in suspected_roots(state))])),
        errors=errors,
        exit_code=exit_code,
        index_behind=inputs.index_behind(state.contents),
    )
