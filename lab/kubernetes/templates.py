"""What is real of a template of pods: the image of the application servers, and the Secret that their certificate's volume takes.

Two images and two Secrets are stood in for, because the lab can deploy exactly those (`lab.services.vitals.Deployment`): another
one would be a pod that a real cluster cannot start, and a lab that starts it would pretend. The rest of a template is fixed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import not_stood_in_for
from lab.kubernetes.wanted import GRACE_S
from lab.kubernetes.workloads import Workload
from lab.services.vitals import OLD_RELEASE, Deployment
from lab.vitals.settings import VERSION

IMAGE = "zweitherz.invalid/process-of-the-lab"  # there is no image: it says what it is, and can be pulled from nowhere
VOLUME = "tls"
DATA = "/data"  # where a database has its volume
SECRETS = {"vitals-tls": "valid", "vitals-tls-expired": "expired"}  # name -> certificate of `Deployment`
RELEASES = (VERSION, OLD_RELEASE)


def image(workload: Workload, deployment: Deployment) -> str:
    """Of a pod's only container."""
    return f"{IMAGE}:{deployment.release}" if workload.is_product else IMAGE


def spec(workload: Workload, deployment: Deployment) -> Object:
    """Of a pod, before a node has taken it."""
    container: Object = {"name": workload.name, "image": image(workload, deployment), "resources": {}}
    # clients that drain nodes look through the volumes of every pod
    volumes: list[Object] = [{"name": "state", "hostPath": {"path": f"/state/volumes/{workload.site}", "type": ""}}]
    if workload.is_database:
        container["volumeMounts"] = [{"name": "state", "mountPath": DATA}]
    if workload.is_product:
        container["volumeMounts"] = [{"name": VOLUME, "mountPath": "/tls", "readOnly": True}]
        secret = next(name for name, kind in SECRETS.items() if kind == deployment.certificate)
        volumes.append({"name": VOLUME, "secret": {"secretName": secret}})
    return {
        "containers": [container],
        "volumes": volumes,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": GRACE_S,
    }


def ordered(workload: Workload, now: Deployment, sent: Any) -> Deployment:
    """The deployment that a template's spec asks for. Raises Refusal 501."""
    try:
        (found,) = (each for each in sent["containers"] if each["name"] == workload.name)
        (volume,) = (each for each in sent["volumes"] if each["name"] == VOLUME)
        name, secret = str(found["image"]), str(volume["secret"]["secretName"])
    except (KeyError, TypeError, ValueError) as error:
        raise not_stood_in_for(
            f"a template of {workload.name} without its container and its volume {VOLUME}"
        ) from error
    images = {image(workload, replace(now, release=release)): release for release in RELEASES}
    for field, value, known in ((f"image of {workload.name}", name, images), (f"Secret of {VOLUME}", secret, SECRETS)):
        if value not in known:
            raise not_stood_in_for(f"spec.template.spec: {field} {value!r} (there are {', '.join(known)})")
    made = replace(now, certificate=SECRETS[secret], release=images[name])
    if _by_name(sent) != _by_name(spec(workload, made)):
        raise not_stood_in_for(f"a template of {workload.name} that differs by more than an image and a Secret")
    return made


def _by_name(shown: Object) -> Object:
    """Lists of named things in one order: a strategic merge may have changed it."""
    return {
        key: sorted(value, key=lambda each: str(each.get("name"))) if isinstance(value, list) else value
        for key, value in shown.items()
    }
