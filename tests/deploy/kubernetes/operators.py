"""The operators' programs in `commands`, as a drill calls them: the real scripts, moved to a folder of the test's, with a
stand-in for kubectl that writes down what it is told and runs here what it should run in a pod."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chaos.drivers.commands import CommandDriver
from lab import manifest_target
from targets.kubernetes import Commands
from tests.deploy.kubernetes.manifests import FOLDER, HOME, copy_with_files

ADDRESSES = {"fra": "172.18.0.2", "gra": "172.18.0.5"}
KUBECTL = r"""#!/bin/sh
echo "$*" >>"$ORDERS"
case "$*" in
  *readyReplicas*) [ -z "${SILENT:-}" ] || exit 1; printf '%s' "${READY:-}" ;;
  *"--replicas 0") exit "${SCALE:-0}" ;;
  *zweitherz-probe*) [ -n "${PGDATA:-}" ] || exit 1; while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
  *mirrored.sh) echo "${SAID:-}"; exit "${EXIT:-0}" ;;
  *link.pl*) while [ "$1" != -- ]; do shift; done; shift 3; exec perl "$CONF/link.pl" "$@" ;;
  *"get pods"*) [ -z "${SILENT:-}" ] || exit 1; printf '%s' "${PODS:-}" ;;
  *lab.vitals.shown*) while [ "$1" != -- ]; do shift; done; exec "$PYTHON" -m lab.vitals.shown "$PORT" "$6" ;;
  *.status.phase}/*) [ -z "${SILENT:-}" ] || exit 1
    [ ! -e "$ORDERS.asked" ] || HOLDER=${LATER-$HOLDER}; : >"$ORDERS.asked"; printf '%s' "$HOLDER" ;;
  *"--for condition=Ready pod/store-reader"*) exit "${STARTS:-0}" ;;
  *psql*) cat >"$ORDERS.sql"; printf '%s' "$STORE"; exit "${EXIT:-0}" ;;
  *'.status.conditions'*) printf '%s' "${POD:-}" ;;
esac
"""


def lay_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> CommandDriver:
    """Driver of the reference system, whose programs are in `folder`; `orders` says what they ordered."""
    copy_with_files(folder / "kubernetes")
    (folder / "bin").mkdir()
    for name, text in {"kubectl": KUBECTL, "dns": '#!/bin/sh\necho "dns $*" >>"$ORDERS"\n'}.items():
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("ORDERS", str(folder / "orders"))
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(HOME))
    monkeypatch.setenv("CONF", str(FOLDER / "base" / "postgres"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    given = manifest_target.describe(folder, "dev", ADDRESSES)["kubernetes"]["commands"]
    moved = {
        name: [word.replace(str(FOLDER), str(folder / "kubernetes")) for word in command]
        for name, command in given.items()
    }
    return CommandDriver("reference", Commands.model_validate(moved))


def orders(folder: Path) -> list[str]:
    """Site and order, without what is the same in all of them."""
    lines = (folder / "orders").read_text().splitlines() if (folder / "orders").exists() else []
    return [line.removeprefix("--context ").replace(" --namespace vitals", "") for line in lines]
