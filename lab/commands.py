"""The command line of the lab: ``python -m lab …``, and ``zweitherz lab …`` through the drill's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from lab import launch, model
from lab.clusters import TOOLS
from lab.defects import DEFECTS, UnknownDefect
from lab.kubernetes import kubeconfig
from lab.model import Options
from targets.lab_control import LabControl, LabRefused, LabUnreachable

BAD_INPUT = 64
STATE = Path(".lab")

app = typer.Typer(help="The embedded lab: two sites of real servers on this machine.", no_args_is_help=True)

State = Annotated[Path, typer.Option("--state", help="folder with everything of this lab")]
Json = Annotated[bool, typer.Option("--json", help="answer as JSON")]
Site = Annotated[str, typer.Argument(help="fra or gra")]


@app.command()
def up(
    state: State = STATE,
    replication: Annotated[str, typer.Option(help="sync or async")] = "sync",
    defect: Annotated[str, typer.Option(help=f"a known-bad system: {', '.join(DEFECTS)}")] = "none",
    takeover: Annotated[str, typer.Option(help="observe: the runbook acts alone; perform: on order")] = "observe",
    tools_cluster: Annotated[bool, typer.Option("--tools/--no-tools", help="with the cluster that watches")] = True,
    kubernetes: Annotated[bool, typer.Option("--kubernetes", help="with a Kubernetes API server per site")] = False,
    as_json: Json = False,
) -> None:
    """Bring the lab up and say what to point a browser, curl or locust at."""
    for name, value, allowed in (
        ("replication", replication, ("sync", "async")),
        ("takeover", takeover, ("observe", "perform")),
    ):
        if value not in allowed:
            refuse(f"--{name} {value!r}: must be {' or '.join(allowed)}")
    try:
        lab = launch.up(
            Options(
                state=state,
                replication=replication,
                defect=defect,
                takeover=takeover,
                tools=tools_cluster,
                kubernetes=kubernetes,
            )
        )
    except (launch.LabError, UnknownDefect) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps({"target": str(lab.target), "pid": lab.pid, "gates": lab.gates, "up_s": lab.up_s}))
        return
    folder, port = lab.target.parent, lab.gates[model.SITES[0]]
    gates = ", ".join(f"{site} 127.0.0.1:{number}" for site, number in lab.gates.items())
    typer.echo(f"lab up after {lab.up_s:.1f} s, process {lab.pid}")
    typer.echo(f"gates    {gates}")
    typer.echo(f"target   {lab.target}")
    typer.echo(
        f"curl     curl --cacert {folder}/ca.pem --connect-to {model.RECORD}:443:127.0.0.1:{port} "
        f"https://{model.RECORD}/health/ready"
    )
    if (tools := lab.gates.get(f"{TOOLS.prefix}{TOOLS.active}")) is not None:
        name, token = f"prometheus.{TOOLS.record}", folder / "secrets/access/prometheus.token"
        typer.echo(
            f"tools    curl --cacert {folder}/ca.pem --connect-to {name}:443:127.0.0.1:{tools} "
            f'-H "Authorization: Bearer $(cat {token})" https://{name}/api/v1/targets'
        )
    if kubernetes:
        typer.echo(_kubectl(folder))
    typer.echo(f"browser  https://127.0.0.1:{port}/health/ready  (the certificate is by {folder}/ca.pem)")
    typer.echo(f"locust   locust -f loadtests/locustfile.py --target {lab.target} -u 120000 --processes 2")
    typer.echo("then     zweitherz lab status | kill fra | heal fra | down")


@app.command()
def status(state: State = STATE, as_json: Json = False) -> None:
    """Sites, databases, links, memory."""
    answer = call(state, "status")
    answer["memory_bytes"] = call(state, "resources")["memory_bytes"]
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for site, shown in answer["sites"].items():
        database = answer["databases"][site]
        life = ("up" if shown["alive"] else "down") + (", fenced" if shown["fenced"] else "")
        watched = f"; tools {answer['tools'][site]['role']}" if "tools" in answer else ""
        typer.echo(f"{site}      {life}; database {database['role']}{watched}")
    links = answer["links"]
    delays = ", ".join(f"{name} {delay['measured_ms']:.1f} ms" for name, delay in links["delays"].items())
    typer.echo(f"links    {links['kind']}: {delays} one way; private link {links['private']}")
    if answer["options"]["kubernetes"]:
        typer.echo(_kubectl(state))
    typer.echo(f"memory   {answer['memory_bytes'] >> 20} MiB, up for {answer['up_s']:.0f} s")


@app.command()
def kill(site: Site, state: State = STATE, as_json: Json = False) -> None:
    """Kill a site: private link, public link, processes."""
    _echo(call(state, "kill", site=site), as_json, f"{site} killed")


@app.command()
def heal(site: Site, state: State = STATE, as_json: Json = False) -> None:
    """Bring a site back, its database as a follower of the other. The DNS entry stays where it is."""
    _echo(call(state, "heal", site=site), as_json, f"{site} runs again")


@app.command()
def link(
    to: Annotated[str, typer.Argument(help="up, down or one-way")], state: State = STATE, as_json: Json = False
) -> None:
    """Cut or mend the private link between the sites."""
    _echo(call(state, "link", state=to), as_json, f"private link {to}")


@app.command()
def down(state: State = STATE, as_json: Json = False) -> None:
    """End the lab; nothing of it stays but its logs."""
    try:
        was_up = launch.down(state)
    except launch.LabError as error:
        refuse(str(error))
    _echo({"was_up": was_up}, as_json, "lab down" if was_up else f"no lab is up in {state}")


def call(folder: Path, do: str, **parameters: Any) -> dict[str, Any]:  # JSON values of `targets.lab_control`
    """One call of the lab in `folder`; a lab that refuses or is not there ends the command with exit 64."""
    try:
        return LabControl(folder / "control.sock").call(do, **parameters)
    except LabUnreachable:
        refuse(f"no lab is up in {folder}: bring one up with 'zweitherz lab up'")
    except LabRefused as error:
        refuse(str(error))


def refuse(why: str) -> NoReturn:
    """One line on standard error, exit 64."""
    typer.echo(f"lab: {why}", err=True)
    raise typer.Exit(BAD_INPUT)


def _kubectl(folder: Path) -> str:
    contexts = ", ".join(each for site in model.SITES for each in (site, f"{site}-read-only"))
    file = folder / kubeconfig.NAME
    return f"kubectl  KUBECONFIG={file} kubectl --context {model.SITES[0]} get pods  (a stand-in; contexts {contexts})"


def _echo(answer: dict[str, Any], as_json: bool, line: str) -> None:
    typer.echo(json.dumps(answer) if as_json else line)
