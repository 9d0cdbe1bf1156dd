"""``zweitherz drill``."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chaos import faults
from chaos.ability import check_ability
from chaos.drivers import NoDriver, driver_for
from drill.baseline import read_baseline
from drill.commands.said import check_language, print_judgement
from drill.commands.shared import Across, Json, Language, new_app, refuse, relative
from drill.comparing import lines
from drill.exercise import CLEAN_UP_FAILED, DrillBroken, DrillRefused, Exercise
from drill.experiments import experiment, experiments
from drill.gate import Passage, conclude
from drill.notify.configuration import VARIABLE, BadNotify, read_notify
from drill.permission import PRODUCTION, NotPermitted, check_budget, check_confirmation, check_limits
from drill.randomised.command import run_random
from lab.defects import UnknownDefect, check_defect
from lab.launch import LabError
from results.checks import check_names
from results.plan import Plan
from results.plan_file import BadPlan, plan_of, read_experiment
from targets.read import BadTarget, read_target

app = new_app()


@app.command("drill")
def drill(
    name: Annotated[
        str, typer.Argument(metavar="[NAME|FILE]", help="a drill of 'zweitherz list', or a file")
    ] = "site-loss",
    quick: Annotated[bool, typer.Option("--quick", help="fewer patients, shorter phases: at most 90 s")] = False,
    target: Annotated[Path | None, typer.Option(help="target file; without it the embedded lab is used")] = None,
    patients: Annotated[int | None, typer.Option(help="number of patients")] = None,
    rate: Annotated[float | None, typer.Option(help="uploads a second, all patients")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of population and schedule")] = None,
    confirm: Annotated[str | None, typer.Option(help="in production: the site that this drill breaks, typed")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="any key of the plan")] = None,
    told: Annotated[
        Path | None,
        typer.Option("--notify", metavar="FILE", envvar=VARIABLE, help="who is told of the verdict, and how"),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="RUN", help="compare with this run; worse, or not to be compared, is no pass")
    ] = None,
    across: Across = False,
    by_chance: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="compose a drill out of this seed, on the lab")
    ] = None,
    defects: Annotated[bool, typer.Option("--defects", help="with --random: on a known-bad system")] = False,
    most: Annotated[
        int,
        typer.Option(
            "--shrink", metavar="N", min=0, help="with --random: so many drills to make a failing one smaller"
        ),
    ] = 0,
    lang: Language = "en",
    drawn: Annotated[
        bool, typer.Option("--report/--no-report", help="draw the report; later: zweitherz report")
    ] = True,
    plain: Annotated[bool, typer.Option("--plain", help="plain lines in place of the live view")] = False,
    as_json: Json = False,
) -> None:
    """Run a drill and print its verdict."""
    if by_chance is not None:
        if target is not None or sets or baseline is not None:
            refuse("--random composes its own drill, on the embedded lab: leave out --target, --set and --baseline")
        names = [path.stem for path in experiments()]
        raise typer.Exit(run_random(by_chance, names, with_defect=defects, most=most, as_json=as_json))
    changes = [
        *([f"population.patients={patients}"] if patients is not None else []),
        *([f"load.rate={rate}"] if rate is not None else []),
        *([f"seed={seed}"] if seed is not None else []),
        *(sets or []),
    ]
    if across and baseline is None:
        refuse("--across-environments: of a comparison; there is none without --baseline")
    check_language(lang)
    try:
        path = experiment(name)
        raw = read_experiment(path)
        plan = plan_of(raw, str(path), drill=path.stem, quick=quick, sets=changes)
        check_defect(plan.lab.defect)
        faults.check_faults(plan)
        check_names(plan.checks)
        if target is not None:
            _check_permission(plan, raw, target, confirm)
        receivers = read_notify(told) if told is not None else None
        against = read_baseline(baseline, plan, across=across) if baseline is not None else None
        exercise = Exercise(plan, raw, target, plain=plain or None, language=lang if drawn else None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: exercise.stop())
        outcome = exercise.run()
    except (
        *(BadPlan, BadTarget, BadNotify, NoDriver, NotPermitted, UnknownDefect),
        *(LabError, DrillRefused, ValueError, OSError),
    ) as error:
        refuse(str(error))
    except DrillBroken as error:
        typer.echo(f"zweitherz: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(CLEAN_UP_FAILED) from None
    passage = conclude(outcome, against, receivers)  # from here on nothing is refused any more: the drill has been
    if as_json:
        typer.echo(json.dumps(passage.as_json()))
    else:
        _print_passage(passage)
    for remark in passage.remarks:
        typer.echo(f"zweitherz: {remark}", err=True)
    raise typer.Exit(passage.exit_code)


def _check_permission(plan: Plan, experiment: dict[str, Any], target_file: Path, confirm: str | None) -> None:
    """Raises NoDriver, CannotDo, NotPermitted, BadTarget."""
    target = read_target(target_file)
    check_ability(plan, experiment, driver_for(target))
    check_limits(plan, target)
    if target.environment == PRODUCTION and confirm is None and sys.stdin.isatty():
        confirm = typer.prompt(f"{target.name} is production. Type the name of the site that this drill breaks")
    check_confirmation(plan, target, confirm)
    check_budget(target_file, target)


def _print_passage(passage: Passage) -> None:
    print_judgement(passage.outcome.judgement)
    if passage.outcome.aborted:
        typer.echo(f"aborted by: {passage.outcome.aborted}")
    report = passage.outcome.report
    typer.echo(f"report: {relative(report) if report else passage.outcome.undrawn}")
    for line in lines(passage.comparison) if passage.comparison is not None else ():
        typer.echo(line)
