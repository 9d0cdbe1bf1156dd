"""What stands around the pods: namespaces, the product's service with its endpoints, and the names of secrets."""

from __future__ import annotations

from lab import model, pki
from lab.kubernetes.objects.shape import Object, metadata, steady_uid
from lab.kubernetes.wanted import Pod

SERVICE = "vitals"
_SECRETS = {"vitals": ("vitals-tls", "vitals-tls-expired", "token-key", "passwords"), "tools": pki.TOKENS}


def namespace(name: str, site: str, born_s: float) -> Object:
    """One that stands as long as the lab does."""
    return {
        "metadata": metadata(name, None, steady_uid(site, name), born_s, {"kubernetes.io/metadata.name": name}),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def service(site: str, born_s: float) -> Object:
    """The product at the site's public address: what a patient dials."""
    address = model.PUBLIC[site]
    labels = {"app": SERVICE}
    return {
        "metadata": metadata(SERVICE, SERVICE, steady_uid(site, "service"), born_s, labels),
        "spec": {
            "type": "LoadBalancer",
            "clusterIP": "None",
            "externalIPs": [address],
            "selector": labels,
            "ports": [{"name": "https", "port": model.HTTPS, "protocol": "TCP", "targetPort": model.HTTPS}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }


def endpoints(site: str, born_s: float, pods: list[tuple[Pod, bool]]) -> Object:
    """`pods` of the product, each with whether it is ready."""
    subset: Object = {"ports": [{"name": "https", "port": model.HTTPS, "protocol": "TCP"}]}
    for field, wanted in (("addresses", True), ("notReadyAddresses", False)):
        if chosen := [_address(site, pod) for pod, ready in pods if ready == wanted and pod.node is not None]:
            subset[field] = chosen
    shown = metadata(SERVICE, SERVICE, steady_uid(site, "endpoints"), born_s, {"app": SERVICE})
    return {"metadata": shown, **({"subsets": [subset]} if len(subset) > 1 else {})}


def endpoint_slice(site: str, born_s: float, pods: list[tuple[Pod, bool]]) -> Object:
    """The same, as newer clients read it."""
    labels = {"app": SERVICE, "kubernetes.io/service-name": SERVICE}
    return {
        "metadata": metadata(f"{SERVICE}-{site}", SERVICE, steady_uid(site, "slice"), born_s, labels),
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": model.HTTPS, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [model.PUBLIC[site]],
                "conditions": {"ready": ready, "serving": ready, "terminating": bool(pod.ending)},
                "nodeName": pod.node,
                "targetRef": _reference(pod),
            }
            for pod, ready in pods
            if pod.node is not None
        ],
    }


def secrets(namespace: str, site: str, born_s: float) -> list[Object]:
    """Their names. What they hold is nobody's business."""
    return [
        {"metadata": metadata(name, namespace, steady_uid(site, "secret", name), born_s), "type": "Opaque"}
        for name in _SECRETS.get(namespace, ())
    ]


def _address(site: str, pod: Pod) -> Object:
    return {"ip": model.PUBLIC[site], "nodeName": pod.node, "targetRef": _reference(pod)}


def _reference(pod: Pod) -> Object:
    return {"kind": "Pod", "name": pod.name, "namespace": pod.workload.namespace, "uid": pod.uid}
