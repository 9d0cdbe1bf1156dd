"""The command line ``zweitherz``.

Exit codes everywhere: 0 pass, 1 fail, 2 inconclusive, 3 aborted by a guard, 4 clean-up failed, 64 bad input.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chaos import faults
from chaos import undo as undo_log
from chaos.drivers import NoDriver, driver_for
from dashboards.report.pdf import NotPrinted
from dashboards.report.shown import UnknownLanguage, language
from drill.annotate import annotate
from drill.baseline import read_baseline
from drill.catalogue import catalogue
from drill.comparing import compare_runs
from drill.comparing import lines as comparison_lines
from drill.exercise import DrillRefused, Exercise, make_report
from drill.experiments import experiment, experiments
from drill.gate import Passage, conclude
from drill.notify.configuration import VARIABLE, BadNotify, read_notify
from drill.permission import PRODUCTION, NotPermitted, check_budget, check_confirmation, check_limits
from drill.printing import browser, print_report
from drill.proof.command import UnknownSystem, prove, systems
from drill.publish import publish
from drill.randomised.command import run_random
from drill.undoing import undo_run
from lab import commands as lab_commands
from lab.defects import UnknownDefect, check_defect
from lab.doctor import examine
from lab.launch import LabError
from lab.servers import MissingServer
from results import run as runs
from results import signature
from results.checks import check_names
from results.comparison.prices import BadPrices, read_prices
from results.judge import Judgement, judge
from results.listing import listed
from results.pack import NotPackable, pack
from results.plan import Plan
from results.plan_file import BadPlan, plan_of, read_experiment
from results.sentence import sentence
from results.verify import NotAPack, verify
from targets.read import BadTarget, read_target

BAD_INPUT = 64
_MARKS = {"pass": "✔", "inconclusive": "?", "fail": "✘"}
_ANSWERS = {"ok": "✔", "note": "·", "undecided": "?", "changed": "✘"}

app = typer.Typer(
    help="Kills a data centre on purpose while 120,000 patients upload their vitals, and proves what happened.",
    epilog="Exit codes: 0 pass · 1 fail · 2 inconclusive · 3 aborted by a guard · 4 clean-up failed · 64 bad input.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.add_typer(lab_commands.app, name="lab")

Json = Annotated[bool, typer.Option("--json", help="answer as JSON")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="id, prefix, path or 'latest'")]
Across = Annotated[bool, typer.Option("--across-environments", help="compare also where machines or versions differ")]
Language = Annotated[str, typer.Option("--lang", help="language of the report: en, de")]


@app.command()
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
            _refuse("--random composes its own drill, on the embedded lab: leave out --target, --set and --baseline")
        names = [path.stem for path in experiments()]
        raise typer.Exit(run_random(by_chance, names, with_defect=defects, most=most, as_json=as_json))
    changes = [
        *([f"population.patients={patients}"] if patients is not None else []),
        *([f"load.rate={rate}"] if rate is not None else []),
        *([f"seed={seed}"] if seed is not None else []),
        *(sets or []),
    ]
    if across and baseline is None:
        _refuse("--across-environments: of a comparison; there is none without --baseline")
    _check_language(lang)
    try:
        path = experiment(name)
        raw = read_experiment(path)
        plan = plan_of(raw, str(path), drill=path.stem, quick=quick, sets=changes)
        check_defect(plan.lab.defect)
        faults.check_faults(plan)
        check_names(plan.checks)
        if target is not None:
            _check_permission(plan, target, confirm)
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
        _refuse(str(error))
    passage = conclude(outcome, against, receivers)  # from here on nothing is refused any more: the drill has been
    if as_json:
        typer.echo(json.dumps(passage.as_json()))
    else:
        _print_passage(passage)
    for remark in passage.remarks:
        typer.echo(f"zweitherz: {remark}", err=True)
    raise typer.Exit(passage.exit_code)


@app.command("judge")
def judge_command(run: Run = "latest", as_json: Json = False) -> None:
    """Judge a run again by its stored evidence; the same evidence gives the same verdict, byte for byte."""
    path = _find(run)
    judgement = judge(path)
    withheld = publish(path, judgement)
    if as_json:
        sys.stdout.write(judgement.to_bytes().decode())
    else:
        _print(judgement)
    if withheld:
        typer.echo(f"zweitherz: {withheld}", err=True)
    raise typer.Exit(judgement.verdict.exit_code)


@app.command("pack")
def pack_command(
    run: Run = "latest",
    out: Annotated[Path | None, typer.Option(help="file to write; without: RUN.zweitherz.tar, here")] = None,
    sign: Annotated[Path | None, typer.Option(metavar="KEY", help="sign with this ssh key")] = None,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="pack a run that is not whole, too; the pack says so")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pack the evidence of a run into one file for an auditor; the same run gives the same bytes."""
    path = _find(run)
    try:
        packed = pack(path, out, key=sign, incomplete=incomplete)
    except (NotPackable, signature.NotSigned, signature.NoSigner) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(vars(packed) | {"path": str(packed.path)}))
    else:
        state = ("INCOMPLETE, " if packed.incomplete else "") + ("signed" if packed.signed else "not signed")
        typer.echo(f"{packed.path}: {packed.files} files, {packed.size:,} bytes, {state}")


@app.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(metavar="PACK", help="a file that 'zweitherz pack' wrote")],
    signers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="it must be signed by one of these (ssh allowed signers)")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a pack offline and judge its evidence again.

    Exit codes: 0 authentic, same verdict · 1 changed, or another verdict · 2 cannot be decided · 64 no pack.
    """
    try:
        found = verify(file, signers)
    except NotAPack as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        typer.echo(f"{found.as_json()['answer'].upper()}  {found.run or file}")
        for remark in found.remarks:
            typer.echo(f"  {_ANSWERS[remark.answer.value]} {remark.subject:<11}{remark.why}")
    raise typer.Exit(found.exit_code)


@app.command("compare")
def compare_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="the baseline: id, prefix or path")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="the run that is held against it")] = "latest",
    prices: Annotated[Path | None, typer.Option(help="price file: what 1,000 acknowledged uploads cost")] = None,
    across: Across = False,
    as_json: Json = False,
) -> None:
    """Compare two runs: is a figure better, the same, worse, or can nobody say?

    Exit codes: 0 nothing is worse · 1 something is · 2 something cannot be compared · 64 bad input.
    """
    try:
        asked = read_prices(prices) if prices is not None else None
    except BadPrices as error:
        _refuse(str(error))
    sides = _find(old), _find(new)
    if sides[0] == sides[1]:
        _refuse(f"{old!r} and {new!r} are one run, {sides[0].name}: it is like itself, which says nothing")
    comparison = compare_runs(*sides, across=across, prices=asked)
    if as_json:
        typer.echo(comparison.to_bytes().decode(), nl=False)
    else:
        for line in comparison_lines(comparison):
            typer.echo(line)
    raise typer.Exit(comparison.verdict.exit_code)


@app.command("annotate")
def annotate_command(
    run: Run = "latest",
    form: Annotated[
        str, typer.Option("--format", help="github: workflow commands; gitlab: a Code Quality report")
    ] = "github",
    where: Annotated[
        str | None, typer.Option(metavar="FILE", help="with gitlab: the file of the repository it is shown beside")
    ] = None,
) -> None:
    """Print one line for each check that is red or inconclusive, as the page of a pipeline takes it.

    Exit code 0 whatever the verdict: the gate is the drill's own exit code.
    """
    if form not in ("github", "gitlab"):
        _refuse(f"--format {form!r}: there are github, gitlab")
    if where is not None and form != "gitlab":
        _refuse("--where: of --format gitlab; GitHub's lines belong to no file")
    path = _find(run)
    typer.echo(annotate(path, form, where), nl=False)


@app.command()
def report(
    run: Run = "latest",
    lang: Language = "en",
    pdf: Annotated[bool, typer.Option("--pdf", help="as PDF too; needs Chromium")] = False,
    prices: Annotated[Path | None, typer.Option(help="price file: what 1,000 acknowledged uploads cost")] = None,
    as_json: Json = False,
) -> None:
    """Draw the report of a run again, from its stored evidence."""
    path = _find(run)
    _check_language(lang)
    try:
        if pdf:
            browser()  # before the report is drawn: who asks for a PDF waits for nothing in vain
        if prices is not None:
            read_prices(prices)
        drawn = make_report(path, lang, prices)
        if drawn is None:
            _refuse(f"{path.name}: the report could not be drawn; see {_relative(path / 'logs/report.log')}")
        made = {"report": drawn} | ({"pdf": print_report(drawn)} if pdf else {})
    except (MissingServer, NotPrinted, BadPrices) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps({name: str(each) for name, each in made.items()}))
    for each in made.values() if not as_json else ():
        typer.echo(str(_relative(each)))


@app.command("runs")
def runs_command(as_json: Json = False) -> None:
    """List all runs with their verdicts, oldest first."""
    rows = [{"run": each.run, "verdict": each.shown} for each in map(listed, runs.runs())]
    if as_json:
        typer.echo(json.dumps(rows))
    for row in rows if not as_json else []:
        typer.echo(f"{row['run']}  {row['verdict']}")


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the drills there are: what each breaks, what shows that it did, and how long the load lasts at most."""
    rows = catalogue(experiments())
    if as_json:
        typer.echo(json.dumps(rows))
    for row in rows if not as_json else []:
        whole, quick = (f"{row[key] // 60}:{row[key] % 60:02}" for key in ("seconds", "quick_seconds"))
        typer.echo(f"{row['drill']:<24}{row['title']}; {whole}, quick {quick}")
        typer.echo(f"    does   {row['does']}")
        for word in ("proof", "needs"):
            if row[word]:
                typer.echo(f"    {word}  {row[word] if word == 'proof' else ', '.join(row[word])}")


@app.command("prove")
def prove_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SYSTEM]...", help="of docs/proof.md; none: all")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="the small ones, as in 'make test'; without: also every drill, healthy")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="healthy drills so often, each time with another seed")] = 1,
    kills: Annotated[int, typer.Option(min=0, help="also so many drills that get SIGKILL at a random moment")] = 0,
    page: Annotated[Path | None, typer.Option(help="write the matrix there, as Markdown")] = None,
    as_json: Json = False,
) -> None:
    """Prove the verdicts: known-bad systems must turn their checks red, healthy ones must stay green."""
    drills = [path.stem for path in experiments()]
    try:
        chosen = systems(drills, names or [], quick=quick, seeds=range(1, seeds + 1))
    except UnknownSystem as error:
        _refuse(str(error))
    raise typer.Exit(prove(chosen, as_json=as_json, page=page, kills=kills))


@app.command("serve")
def serve_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one")] = 8480,
    host: Annotated[
        str, typer.Option(help="address to listen at; others than the loopback can be reached by others")
    ] = "127.0.0.1",
    allow_hosts: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="another name under which browsers may call"),
    ] = None,
) -> None:
    """Browse the results: all runs, trends, one run, two side by side, and the drill in progress with its stop button."""
    from dashboards.browser.serve import serve  # noqa: PLC0415 - no other command has to load a web server

    raise typer.Exit(serve(runs.home(), host, port, allow_hosts or ()))


@app.command()
def undo(
    run: Run = "latest", target: Annotated[Path | None, typer.Option(help="target file")] = None, as_json: Json = False
) -> None:
    """Carry out every inverse that a run still owes, newest first, and remove what its lab left; else harmless."""
    path = _find(run)
    try:
        owed = undo_log.owed(path)
        done, failed = undo_run(path, target)
    except (undo_log.DamagedUndoLog, BadTarget, NoDriver) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps({"owed": len(owed), "done": done, "failed": failed}))
    else:
        typer.echo(
            f"{path.name}: {len(done)} of {len(owed)} inverses carried out" if owed else f"{path.name}: nothing is owed"
        )
        for line in failed:
            typer.echo(f"failed: {line}", err=True)
    raise typer.Exit(4 if failed else 0)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can and cannot do, each with its remedy."""
    remarks = examine(lab_commands.STATE)
    if as_json:
        typer.echo(json.dumps([vars(remark) for remark in remarks]))
    for remark in remarks if not as_json else []:
        sign = {"ok": "ok", "limited": "~~", "missing": "NO"}[remark.level]
        typer.echo(f"{sign}  {remark.subject:<18}{remark.found}")
        if remark.remedy:
            typer.echo(f"    remedy: {remark.remedy}")
    raise typer.Exit(BAD_INPUT if any(remark.level == "missing" for remark in remarks) else 0)


def _check_permission(plan: Plan, target_file: Path, confirm: str | None) -> None:
    """Raises NoDriver, NotPermitted, BadTarget."""
    target = read_target(target_file)
    driver_for(target)
    check_limits(plan, target)
    if target.environment == PRODUCTION and confirm is None and sys.stdin.isatty():
        confirm = typer.prompt(f"{target.name} is production. Type the name of the site that this drill breaks")
    check_confirmation(plan, target, confirm)
    check_budget(target_file, target)


def _find(name: str) -> Path:
    try:
        return runs.find(name)
    except runs.UnknownRun as error:
        _refuse(str(error))


def _check_language(lang: str) -> None:
    try:
        language(lang)
    except UnknownLanguage as error:
        _refuse(str(error))


def _print(judgement: Judgement) -> None:
    typer.echo(f"{judgement.verdict.value.upper()}  {sentence(judgement)}")
    for finding in judgement.findings:
        typer.echo(f"  {_MARKS[finding.verdict.value]} {finding.name:<18}{finding.why}")


def _print_passage(passage: Passage) -> None:
    _print(passage.outcome.judgement)
    if passage.outcome.aborted:
        typer.echo(f"aborted by: {passage.outcome.aborted}")
    report = passage.outcome.report
    typer.echo(f"report: {_relative(report) if report else passage.outcome.undrawn}")
    for line in comparison_lines(passage.comparison) if passage.comparison is not None else ():
        typer.echo(line)


def _relative(path: Path) -> Path:
    here = Path.cwd().resolve()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path


def _refuse(why: str) -> NoReturn:
    typer.echo(f"zweitherz: {' '.join(why.split())}", err=True)
    raise typer.Exit(BAD_INPUT)


def main(arguments: Any = None) -> None:  # what typer's parser takes
    """Entry point of ``zweitherz``. Usage errors exit with 64 like all bad input."""
    command = typer.main.get_command(app)
    try:
        sys.exit(command.main(args=arguments, standalone_mode=False) or 0)
    except typer.Abort:
        sys.exit(3)
    except Exception as error:
        if hasattr(error, "format_message"):
            print(f"zweitherz: {error.format_message()}", file=sys.stderr)
            sys.exit(BAD_INPUT)
        raise


if __name__ == "__main__":
    main()
