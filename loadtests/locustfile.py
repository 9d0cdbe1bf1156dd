"""For Locust: ``locust -f loadtests/locustfile.py --target .lab/target.yaml -u 120000 --processes 2``.

Options of ours: ``--target`` (a target file; default: the lab of this clone), ``--plan`` (a plan as in a run; default: 120,000
patients), ``--run`` (a run folder for the history; default: a new one), ``--metrics-port`` (Prometheus metrics on the loopback;
default: where the target wants them).
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests.fleet import Fleet, FleetUser, Setting
from results import run as runs
from results.clock import Clock
from results.plan import Plan
from results.plan_file import BadPlan, read_plan, write_plan
from targets.read import BadTarget, read_target

__all__ = ["FleetUser"]

_LOG = logging.getLogger("fleet")
BAD_INPUT = 64
_RUN = "ZWEITHERZ_LOAD_RUN"

# This file is read before Locust forks (--processes): all processes of a test get one run folder and one clock.
os.environ.setdefault(_RUN, str(runs.new_path("load-test")))
for _name, _value in Clock.from_environment().to_environment().items():
    os.environ.setdefault(_name, _value)


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser, **_: Any) -> None:
    ours = parser.add_argument_group("fleet")
    ours.add_argument("--target", default=".lab/target.yaml", help="target file: the system to send to")
    ours.add_argument("--plan", default="", help="plan.yaml: population, load, client classes")
    ours.add_argument("--metrics-port", type=int, help="show figures to Prometheus on that port of 127.0.0.1")
    ours.add_argument("--run", default="", help="run folder for the history (default: a new one)")


@events.init.add_listener
def make_fleet(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    if options is None:
        return
    environment.host = environment.host or ""
    try:
        environment.fleet = Fleet(environment, _setting(options))  # type: ignore[attr-defined] # for other listeners
    except (BadPlan, BadTarget, OSError) as error:
        _LOG.error("%s", error)
        sys.exit(BAD_INPUT)
    # gevent's clock stands still while this file is read and the fleet is made: on a busy machine that took longer than
    # `--run-time`, whose timer begins by that clock, and the load test was over before it had begun
    gevent.get_hub().loop.update_now()


def _setting(options: Any) -> Setting:  # an argparse namespace
    target_file = Path(options.target).resolve()
    target = read_target(target_file)
    plan = read_plan(Path(options.plan)) if options.plan else _plan_for(options)
    run = Path(options.run or os.environ[_RUN]).resolve()
    run.mkdir(parents=True, exist_ok=True)
    # a worker's plan comes from its master, and several may be at it in one folder
    if not options.worker and not (run / "plan.yaml").exists():
        write_plan(plan, run / "plan.yaml")
    return Setting(plan, target, target_file, run, runs.tag(run.name), Clock.from_environment(), options.metrics_port)


def _plan_for(options: Any) -> Plan:  # an argparse namespace
    """The default plan, with as many patients as users; rate in proportion, so that everybody keeps his period."""
    usual = Plan(drill="load-test")
    users = options.num_users or usual.population.patients
    share = users / usual.population.patients
    return Plan.model_validate(
        {
            "drill": "load-test",
            "population": {"patients": users},
            "load": {"rate": usual.load.rate * share},
            "guards": {"time_limit_s": 24 * 3600 if users < 1000 else 3600},
        }
    )
