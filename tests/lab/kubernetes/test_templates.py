"""Which changes of a template the lab can make real, and which are refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import templates, workloads
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Wanted, set_name
from lab.kubernetes.workloads import Workload
from lab.model import Options
from lab.services import vitals
from lab.services.vitals import Deployment

EXPIRED = Deployment(certificate="expired", release="0.9.0")


@pytest.fixture
def product(tmp_path: Path) -> Workload:
    return next(each for each in workloads.workloads(Options(state=tmp_path), "fra") if each.is_product)


@pytest.mark.parametrize("deployment", [Deployment(), EXPIRED, Deployment(clock_s=90, release="0.9.0")])
def test_a_template_says_how_servers_are_deployed_and_is_read_back(product: Workload, deployment: Deployment) -> None:
    shown = templates.spec(product, deployment)
    assert templates.ordered(product, Deployment(clock_s=deployment.clock_s), shown) == deployment


def test_a_process_says_how_it_was_deployed(tmp_path: Path) -> None:
    options = Options(state=tmp_path)
    for deployment in (Deployment(), EXPIRED, Deployment(clock_s=90)):
        for server in vitals.application_servers(options, "fra", deployment):
            assert vitals.deployment_of(options, server) == deployment


def test_a_pod_of_a_process_that_was_found_belongs_to_the_present_replica_set(tmp_path: Path) -> None:
    options = Options(state=tmp_path)
    wanted = Wanted("fra", workloads.workloads(options, "fra"))
    product = next(each for each in wanted.workloads if each.is_product)
    pod = wanted.new_pod(product, 0)
    pod.deployment = vitals.deployment_of(options, vitals.application_servers(options, "fra")[0])
    assert wanted.is_updated(pod)
    assert set_name(product, pod) == set_name(product, wanted.scale(product))
    wanted.scale(product).deployment = EXPIRED
    assert not wanted.is_updated(pod)
    assert set_name(product, pod) != set_name(product, wanted.scale(product))


def changed(shown: dict[str, Any], *way: str | int, to: object) -> dict[str, Any]:
    made: Any = copy.deepcopy(shown)
    whole = made
    for each in way[:-1]:
        made = made[each]
    made[way[-1]] = to
    return dict(whole)


@pytest.mark.parametrize(
    ("way", "to", "message"),
    [
        (("containers", 0, "image"), "vitals:latest", "image of vitals 'vitals:latest' .there are zweitherz"),
        (("volumes", 1, "secret", "secretName"), "other", "there are vitals-tls, vitals-tls-expired"),
        (("containers", 0, "env"), [{"name": "A", "value": "1"}], "more than an image and a Secret"),
        (("volumes", 0, "hostPath", "path"), "/", "more than an image and a Secret"),
        (("volumes", 1, "secret", "optional"), True, "more than an image and a Secret"),
        (("volumes",), [], "without its container and its volume tls"),
        (("containers",), "vitals", "without its container and its volume tls"),
    ],
)
def test_what_the_lab_cannot_deploy_is_refused(
    product: Workload, way: tuple[str | int, ...], to: object, message: str
) -> None:
    sent = changed(templates.spec(product, Deployment()), *way, to=to)
    with pytest.raises(Refusal, match=message) as refused:
        templates.ordered(product, Deployment(), sent)
    assert refused.value.code == 501
