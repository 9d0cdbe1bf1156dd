"""What can be done on a target, and what is missing for the rest. Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from chaos.ability import lacking
from chaos.drivers import Driver, driver_for
from chaos.drivers.commands import CommandDriver
from chaos.drivers.dns.entry import DnsEntry
from chaos.drivers.dns.rfc2136 import DnsRefused
from chaos.faults import FAULTS, Kind
from lab.doctor import Remark
from targets.kubernetes import Kubernetes
from targets.model import NoSecret, Secret, Target


def examine_target(target: Target) -> list[Remark]:
    """Its files, its clusters, and every fault of the catalogue. Raises NoDriver."""
    driver = driver_for(target)
    remarks = [*_files(target)]
    refused: dict[str, list[str]] = {}
    absent: dict[str, list[str]] = {}
    if target.kubernetes is not None:
        remarks += _clusters(target.kubernetes, refused, absent)
        if target.dns is not None and target.control is None:
            remarks.append(_dns(target, target.kubernetes))
    return [*remarks, *(_fault(kind, driver, refused, absent) for kind in FAULTS.values())]


def _files(target: Target) -> Iterable[Remark]:
    """What the target file names and a drill has to read."""
    ca = target.service.ca_file
    yield _remark("service CA", "ok" if ca.is_file() else "missing", str(ca), "a file of certificates in PEM")
    secrets = {"token key": Secret(file=target.secrets.token_key_file)}
    if (tools := target.tools) is not None:
        if tools.sentry is not None:
            secrets |= {"Sentry key": tools.sentry.key, "Sentry token": tools.sentry.token}
        if tools.matomo is not None:
            secrets["Matomo token"] = tools.matomo.token
        if tools.prometheus is not None:
            secrets["Prometheus token"] = tools.prometheus.token
    for name, secret in secrets.items():
        where = str(secret.file or f"environment variable {secret.env}")
        try:
            secret.read()
        except NoSecret as error:
            yield Remark(name, "missing", str(error), "a file of mode 600, or a variable that is set")
        else:
            yield Remark(name, "ok", where)


def _clusters(kubernetes: Kubernetes, refused: dict[str, list[str]], absent: dict[str, list[str]]) -> Iterable[Remark]:
    """Reached, and allowed what; of all clusters, by operation: `refused` gets the permissions that it lacks, `absent` the kinds
    of objects that it needs and that are not installed.
    """
    # its libraries take a second to load, which nobody without Kubernetes should wait for
    from chaos.drivers.kubernetes import chaos_mesh  # noqa: PLC0415
    from chaos.drivers.kubernetes.access import missing, needed  # noqa: PLC0415
    from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused  # noqa: PLC0415

    for site, context in kubernetes.contexts.items():
        subject = f"cluster {site}"
        try:
            cluster = Cluster(context, kubernetes.kubeconfig)
            version = cluster.version()
            kinds = chaos_mesh.kinds(kubernetes)
            not_installed = [each for each in dict.fromkeys(kinds.values()) if not chaos_mesh.installed(cluster, each)]
            for operation, accesses in needed(by_chaos_mesh=kubernetes.chaos_mesh is not None).items():
                refused.setdefault(operation, []).extend(
                    f"{site}: {each}" for each in missing(cluster, kubernetes.namespaces, accesses)
                )
            unknown = [
                f"{workload.namespace}/{workload.name} ({role})"
                for role, workload in kubernetes.workloads.items()
                if workload.name not in {each.name for each in cluster.workloads(workload.namespace)}
            ]
        except ClusterRefused as error:
            yield Remark(subject, "missing", str(error), "look at kubernetes.contexts and kubernetes.kubeconfig")
            continue
        for operation, kind in kinds.items():
            if kind in not_installed:
                absent.setdefault(operation, []).append(f"{site}: {kind} is not installed")
        if not_installed:
            yield Remark(
                f"Chaos Mesh {site}",
                "missing",
                f"not installed in context {context}: {', '.join(not_installed)}",
                "install it, or take kubernetes.chaos_mesh away",
            )
        if unknown:
            why = f"no {', '.join(unknown)}"
            yield Remark(
                subject, "limited", f"context {context}, {version}: {why}", "name them in kubernetes.workloads"
            )
        else:
            yield Remark(subject, "ok", f"context {context}, {version}")


def _dns(target: Target, kubernetes: Kubernetes) -> Remark:
    """The provider is reached and lets the entry be changed, by a change that changes nothing."""
    entry = DnsEntry(target, CommandDriver(target.name, kubernetes.commands))
    try:
        found = entry.check()
    except DnsRefused as error:
        return Remark("DNS entry", "missing", str(error), "look at the section dns, and at zone.authoritative")
    if missing := entry.lacks("misdirect_entry"):
        return Remark("DNS entry", "limited", f"{found}; {missing}", "for fault dns-wrong: an address that answers")
    return Remark("DNS entry", "ok", found)


def _fault(kind: Kind, driver: Driver, refused: dict[str, list[str]], absent: dict[str, list[str]]) -> Remark:
    subject = f"fault {kind.name}"
    operations = [*kind.needs, *(f"{each} {kind.deployment}" for each in kind.needs if kind.deployment)]
    gone = [each for operation in operations for each in absent.get(operation, [])]
    lacks = {service or "usual": [*lacking(driver, kind.name, service), *gone] for service in kind.services or ("",)}
    if kind.hows and kind.needs_by_how:
        lacks.clear()  # it has no usual way: each is named
    for how, more in kind.needs_by_how.items():
        roles = [f"a Role with {each}" for operation in more for each in refused.get(operation, [])]
        gone = [each for operation in more for each in absent.get(operation, [])]
        lacks[how] = [*lacking(driver, kind.name, how=how), *gone, *roles]
    able = [service for service, missing in lacks.items() if not missing]
    not_allowed = list(dict.fromkeys(each for operation in operations for each in refused.get(operation, [])))
    said = (part for missing in lacks.values() for each in missing for part in each.split("; "))
    why = "; ".join(dict.fromkeys(said))
    if not able:
        return Remark(subject, "limited", f"cannot be done: {why}")
    if not_allowed:
        return Remark(subject, "limited", "may not be done", f"a Role with {'; '.join(not_allowed)}")
    if len(able) < len(lacks):
        of = "to" if kind.services else "as"
        return Remark(subject, "limited", f"can be done {of} {', '.join(able)} only: {why}")
    return Remark(subject, "ok", kind.about)


def _remark(subject: str, level: str, found: str, remedy: str) -> Remark:
    return Remark(subject, level, found, "" if level == "ok" else remedy)
