"""How `status`, `explain` and a build's forecast are shown."""

from codeintel_enrich.cli.show import files, listed, print_json, say, when
from codeintel_enrich.commands.explain import Story
from codeintel_enrich.commands.forecast import Plan, PlannedTask
from codeintel_enrich.commands.status import Status
from codeintel_enrich.engine.run.summary import left_out_lines

MOST_TASKS = 40
"""Tasks that a forecast shows one by one."""


def show_status(status: Status, as_json: bool) -> None:
    """Print what the last build did and what changed since."""
    if as_json:
        return print_json(status)
    ran = ", ".join(f"{stage} {count}" for stage, count in sorted(status.ran.items())) or "no task"
    say(f"{status.cache}: {'up to date' if status.up_to_date else 'a build has something to do'}\n")
    say(f"last build: {when(status.finished)}, ran {ran}, in {sum(status.seconds.values()):.2f} s of tasks\n")
    rows = ", ".join(f"{table} {count}" for table, count in sorted(status.rows.items()) if count)
    say(f"{status.files} files; rows: {rows}\n")
    for what, names in (
        ("new", status.added),
        ("changed", status.changed),
        ("gone", status.removed),
        ("other settings, code or libraries", status.settings),
        ("not as the last build left it", status.damaged),
        ("does not parse", tuple(f"{path}:{error}" for path, error in status.broken.items())),
    ):
        if names:
            say(f"{what}: {listed(names)}\n")
    for line in left_out_lines(status.left_out):
        say(f"{line}\n")
    if status.unfinished:
        say("the last build did not finish\n")
    if status.index_behind:
        say(f"the SCIP index is {files(status.index_behind)} behind; `build --refresh-index` makes it anew\n")
    return None


def show_plan(plan: Plan, as_json: bool) -> None:
    """Print what a build would do."""
    if as_json:
        return print_json(plan)
    for what, paths in (("new", plan.added), ("changed", plan.changed), ("gone", plan.removed)):
        if paths:
            say(f"{what}: {listed(paths)}\n")
    if not plan.tasks:
        say(f"{plan.files} files; nothing to do\n")
    # The first build of a large tree has tens of thousands of tasks; which come first says most.
    for task in plan.tasks[:MOST_TASKS]:
        say(_line(task))
    if len(plan.tasks) > MOST_TASKS:
        stages: dict[str, int] = {}
        for task in plan.tasks[MOST_TASKS:]:
            stage = task.name.partition(":")[0]
            stages[stage] = stages.get(stage, 0) + 1
        say("and " + ", ".join(f"{stage} {count}" for stage, count in stages.items()) + " more\n")
    for warning in plan.warnings:
        say(f"warning: {warning}\n")
    return None


def show_story(story: Story, as_json: bool) -> None:
    """Print what happened to a file and what would."""
    if as_json:
        return print_json(story)
    say(f"{story.path}{f' ({story.module})' if story.module else ''}\n")
    say(f"in the last build, {when(story.finished)}: {story.was}\n")
    for stage in story.stages:
        say(f"  {stage.stage:<8} {stage.outcome:<7} {'; '.join(stage.why)}\n")
    for meaning in story.meanings:
        say(f"    {meaning}\n")
    say(f"since then: {story.now}\n")
    for task in story.due:
        say(f"  {_line(task)}")
    if not story.due:
        say("  a build would run nothing for it\n")
    return None


def _line(task: PlannedTask) -> str:
    return f"{'would run' if task.is_certain else 'may run':<9} {task.name}: {'; '.join(task.why)}\n"
