"""The scripts that raise, take over and take away: with stand-ins for kind, k3d, docker and kubectl that write down their orders.

What the stand-ins answer is what these tests say they do; that the real ones do so has been tried nowhere in this repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lab.services.vitals import OLD_RELEASE
from targets.read import read_target
from tests.deploy.kubernetes.manifests import FOLDER, HOME, copy_with_files, one, read

SCRIPTS = sorted(FOLDER.rglob("*.sh"))
STAND_IN = r"""#!/bin/sh
name=${0##*/}
echo "$name $*" >>"$ORDERS"
case "$name $*" in
  "kubectl kustomize "*) exec "$KUBECTL" "$@" ;;
  "kubectl --context "*" version") [ -n "${THERE:-}" ] ;;
  *" apply "*) for last; do :; done; [ "${last##*/}" = namespace.yaml ] || cp "$last" "$ORDERS.${last##*/}" ;;
  *"get persistentvolumeclaim"*) [ -z "${BROKEN:-}" ] || exit 1; printf '%s' "${THERE:-}" ;;
  *"synchronous.sh")
    case "$*" in
      *"fra --namespace vitals"* | *"gra --namespace tools"*) echo "synchronous: $2 is primary, the other streams" ;;
      *) echo "synchronous: $2 follows" ;;
    esac ;;
  *"create token drill"*) echo "token-of-$2" ;;
  *"config view"*) echo '{"server": "https://127.0.0.1:6443"}' ;;
  "docker inspect "*fra*) echo 172.18.0.2 ;;
  "docker inspect "*gra*) echo 172.18.0.5 ;;
  "docker network "*) printf 'fc00::/64\n172.18.0.0/16\n' ;;
  "kind create "*) cat >"$ORDERS.$4.yaml" ;;
  "docker build "*" -") cat >"$ORDERS.older" ;;
  *" scale "*) exit "${SCALE:-0}" ;;
  *" wait --for delete "*) exit "${ENDED:-0}" ;;
  *promote.sh*) exit "${PROMOTED:-0}" ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the clone, with an empty PATH but for what scripts may expect anywhere."""
    copy_with_files(tmp_path / "deploy/kubernetes")
    shutil.copy(HOME / "deploy/Dockerfile", tmp_path / "deploy/Dockerfile")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={HOME} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "dirname", "sed", "grep", "cat", "rm", "cp"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def install(place: Path, *names: str) -> None:
    for name in names:
        path = place / "bin" / name
        path.write_text(STAND_IN)
        path.chmod(0o755)


def run(place: Path, script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", place / "deploy/kubernetes" / script, *arguments],
        env={
            "PATH": str(place / "bin"),
            "ORDERS": str(place / "orders"),
            "KUBECTL": shutil.which("kubectl") or "",
            "HOME": str(place),
            **more,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def orders(place: Path) -> list[str]:
    return (place / "orders").read_text().splitlines() if (place / "orders").exists() else []


def test_they_are_posix_shell_and_can_be_executed() -> None:
    assert len(SCRIPTS) == 16
    for script in SCRIPTS:
        assert script.read_text().startswith("#!/bin/sh\n")
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
        assert "set -eu" in script.read_text()
        if script.parent in (FOLDER, FOLDER / "commands"):
            assert os.access(script, os.X_OK)


def test_shellcheck_finds_nothing() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed: the scripts are parsed and run, not linted")
    done = subprocess.run(["shellcheck", "-s", "sh", *SCRIPTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# refused at the door


@pytest.mark.parametrize(
    ("there", "arguments", "said"),
    [
        ((), (), "neither kind nor k3d is installed"),
        (("kind", "kubectl"), (), "docker is not installed"),
        (("k3d", "docker"), (), "kubectl is not installed"),
        (("kind", "docker", "kubectl"), ("--tag",), "--tag: needs a value"),
        (("kind", "docker", "kubectl"), ("--tag", "a|b"), "--tag a|b: letters"),
        (("kind", "docker", "kubectl"), ("--fast",), "--fast: unknown"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    place: Path, there: tuple[str, ...], arguments: tuple[str, ...], said: str
) -> None:
    install(place, *there)
    done = run(place, "up.sh", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (64, 1)
    assert done.stderr.startswith("up: ")
    assert said in done.stderr
    assert orders(place) == []


def test_taking_away_needs_one_of_them_too(place: Path) -> None:
    done = run(place, "down.sh")
    assert (done.returncode, done.stderr.count("\n")) == (64, 1)
    assert (place / "deploy/kubernetes/secrets/made").exists()


# raised


@pytest.fixture(params=["kind", "k3d"])
def tool(request: pytest.FixtureRequest) -> str:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed: up.sh builds the overlays with it")
    return str(request.param)


def test_both_clusters_are_raised_and_get_their_manifests(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    done = run(place, "up.sh", "--tag", "t1")
    assert done.returncode == 0, done.stderr
    given = orders(place)
    assert len([each for each in given if each.startswith((f"{tool} create cluster", f"{tool} cluster create"))]) == 2
    loaded = [each for each in given if "zweitherz-services:t1 zweitherz-services:t1-older " in each]
    assert len([each for each in loaded if each.startswith(tool)]) == 2
    for site, own, other in (("fra", "172.18.0.2", "172.18.0.5"), ("gra", "172.18.0.5", "172.18.0.2")):
        applied = (place / f"orders.{site}.yaml").read_text()
        assert "192.0.2." not in applied
        assert "zweitherz-services:unset" not in applied
        documents = read(applied)
        for space in ("vitals", "tools"):
            assert one(documents, "EndpointSlice", "postgres-peer", space)["endpoints"] == [{"addresses": [other]}]
            (ingress,) = one(documents, "NetworkPolicy", "private-link", space)["spec"]["ingress"]
            assert ingress["from"] == [{"ipBlock": {"cidr": "172.18.0.0/16"}}]
        pod = one(documents, "Deployment", "vitals")["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"] == "zweitherz-services:t1"
        assert pod["hostAliases"][0]["ip"] == (other if site == "fra" else own), "Sentry is active at gra"
        assert not (place / f"deploy/kubernetes/secrets/made/{site}.yaml").exists(), "it has every secret in it"
    node = {"kind": "zweitherz-{}-worker", "k3d": "k3d-zweitherz-{}-agent-0"}[tool]
    for site in ("fra", "gra"):
        assert f"kubectl --context {site} label node {node.format(site)} heart.test/link=yes --overwrite" in given
        assert any(each.startswith("docker inspect") and each.endswith(node.format(site)) for each in given)
    begun = [each for each in given if "create configmap begin" in each]
    assert [each.split()[2:5] for each in begun] == [["fra", "--namespace", "vitals"], ["gra", "--namespace", "tools"]]
    assert len([each for each in given if "delete configmap begin" in each]) == 4
    waited = [each for each in given if "rollout status deployment/vitals" in each]
    assert [each.split()[2] for each in waited] == ["fra"], "at the mirror no application server is ready, by design"


def test_an_older_release_differs_in_what_it_says_that_it_is(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    assert run(place, "up.sh", "--tag", "t1").returncode == 0
    assert (place / "orders.older").read_text() == f"FROM zweitherz-services:t1\nENV VITALS_RELEASE={OLD_RELEASE}\n"
    (build,) = (each for each in orders(place) if each.startswith("docker build") and each.endswith(" -"))
    target = read_target(place / "deploy/kubernetes/secrets/made/target.yaml")
    assert target.kubernetes is not None
    assert target.kubernetes.deployments.old_release is not None
    assert f"--tag {target.kubernetes.deployments.old_release.image} " in build


def test_a_drill_gets_an_account_of_its_own(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    assert run(place, "up.sh").returncode == 0
    path = place / "deploy/kubernetes/secrets/made/drill.kubeconfig"
    assert path.stat().st_mode & 0o077 == 0
    told = YAML(typ="safe").load(path.read_text())
    assert [each["name"] for each in told["contexts"]] == ["fra", "gra"]
    assert [each["user"]["token"] for each in told["users"]] == ["token-of-fra", "token-of-gra"]
    assert told["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"


def test_a_target_file_says_where_all_that_is(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    made = place / "deploy/kubernetes/secrets/made"
    (made / "journal.ndjson").write_text("{}\n")
    assert run(place, "up.sh").returncode == 0
    target = read_target(made / "target.yaml")
    assert {site.name: site.address for site in target.sites} == {"fra": "172.18.0.2", "gra": "172.18.0.5"}
    assert target.kubernetes is not None
    assert target.kubernetes.kubeconfig == made / "drill.kubeconfig"
    assert not (made / "journal.ndjson").exists(), "of an earlier drill"


def test_a_second_call_makes_no_cluster_and_begins_no_database(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    assert run(place, "up.sh", THERE="persistentvolumeclaim/data-postgres-0").returncode == 0
    assert [each for each in orders(place) if "create cluster" in each or "create configmap" in each] == []


def test_where_nobody_says_whether_there_is_a_database_none_is_begun(place: Path, tool: str) -> None:
    install(place, tool, "docker", "kubectl")
    assert run(place, "up.sh", BROKEN="yes").returncode != 0
    assert [each for each in orders(place) if "create configmap" in each or "server-side" in each] == []


def test_what_kind_is_told_maps_the_doors(place: Path) -> None:
    install(place, "kind", "docker", "kubectl")
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed: up.sh builds the overlays with it")
    assert run(place, "up.sh").returncode == 0
    for site, port in (("fra", 8443), ("gra", 9443)):
        told = YAML(typ="safe").load((place / f"orders.zweitherz-{site}.yaml").read_text())
        doors = {each["hostPort"]: each["containerPort"] for each in told["nodes"][0]["extraPortMappings"]}
        assert doors == {port: 30443, port + 1: 30444}
        assert {each["listenAddress"] for each in told["nodes"][0]["extraPortMappings"]} == {"127.0.0.1"}


def test_taking_away_takes_the_secrets_as_well(place: Path) -> None:
    install(place, "kind")
    assert run(place, "down.sh").returncode == 0
    assert orders(place) == ["kind delete cluster --name zweitherz-fra", "kind delete cluster --name zweitherz-gra"]
    assert not (place / "deploy/kubernetes/secrets/made").exists()


# taken over


def test_a_takeover_fences_promotes_and_says_what_is_left(place: Path) -> None:
    install(place, "kubectl")
    done = run(place, "takeover.sh", "vitals", "gra")
    assert done.returncode == 0, done.stderr
    assert [order.split(" --namespace vitals ")[1] for order in orders(place)] == [
        "--request-timeout 5s scale statefulset/postgres --replicas 0",
        "wait --for delete pod/postgres-0 --timeout 60s",
        "exec postgres-0 --container postgres -- sh /conf/promote.sh",
        "rollout status deployment/vitals --timeout 60s",
    ]
    assert [order.split()[2] for order in orders(place)] == ["fra", "fra", "gra", "gra"]
    assert "the DNS entry vitals.heart.test has to be pointed to gra" in done.stderr


@pytest.mark.parametrize("silent", [{"SCALE": "1"}, {"ENDED": "1"}])
def test_nothing_is_promoted_while_the_other_site_may_write(place: Path, silent: dict[str, str]) -> None:
    install(place, "kubectl")
    done = run(place, "takeover.sh", "vitals", "gra", **silent)
    assert done.returncode == 1
    assert "may still write" in done.stderr
    assert "promote" not in " ".join(orders(place))
    assert run(place, "takeover.sh", "vitals", "gra", "--fenced", **silent).returncode == 0
    assert "promote" in " ".join(orders(place))


def test_dns_is_not_changed_where_the_promotion_failed(place: Path) -> None:
    install(place, "kubectl", "dns")
    assert run(place, "takeover.sh", "tools", "fra", PROMOTED="1", ZWEITHERZ_DNS_COMMAND="dns").returncode == 1
    assert not [order for order in orders(place) if order.startswith("dns")]
    assert run(place, "takeover.sh", "tools", "fra", ZWEITHERZ_DNS_COMMAND="dns").returncode == 0
    assert orders(place)[-1] == "dns tools.heart.test fra"


@pytest.mark.parametrize(
    "arguments", [(), ("vitals",), ("vitals", "ber"), ("main", "fra"), ("vitals", "fra", "--force")]
)
def test_a_takeover_that_is_not_understood_is_refused(place: Path, arguments: tuple[str, ...]) -> None:
    install(place, "kubectl")
    done = run(place, "takeover.sh", *arguments)
    assert (done.returncode, done.stderr.count("\n"), orders(place)) == (64, 1, [])
