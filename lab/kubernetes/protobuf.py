"""Reads the one message that kubectl sends as protobuf and nothing else: a SelfSubjectAccessReview (``kubectl auth can-i``).

Field numbers: https://github.com/kubernetes/api/blob/v0.32.0/authorization/v1/generated.proto and, for the envelope,
https://github.com/kubernetes/apimachinery/blob/v0.32.0/pkg/runtime/generated.proto
"""

from __future__ import annotations

from typing import Any

from lab.kubernetes.refusal import Refusal

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_BYTES, _VARINT = 2, 0
_RAW, _SPEC, _RESOURCE_ATTRIBUTES = 2, 2, 1
_ATTRIBUTES = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}


def access_review(raw: bytes) -> dict[str, Any]:
    """As its JSON would be. Raises Refusal 400."""
    if not raw.startswith(_MAGIC):
        raise Refusal(400, "body: not a protobuf message of Kubernetes")
    try:
        spec = _fields(_fields(_fields(raw[len(_MAGIC) :])[_RAW])[_SPEC])
        if _RESOURCE_ATTRIBUTES not in spec:
            return {"spec": {}}
        attributes = _fields(spec[_RESOURCE_ATTRIBUTES])
        named = {name: attributes[number].decode() for number, name in _ATTRIBUTES.items() if number in attributes}
    except (IndexError, KeyError, ValueError) as error:
        raise Refusal(400, f"body: not a SelfSubjectAccessReview ({type(error).__name__})") from error
    return {"spec": {"resourceAttributes": named}}


def _fields(message: bytes) -> dict[int, bytes]:
    """The fields of a message that have a length; of several with one number the last. Raises IndexError, ValueError."""
    found, at = {}, 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        size, at = _varint(message, at)
        if kind == _VARINT:
            continue  # its value has just been read
        if kind != _BYTES or at + size > len(message):
            raise ValueError(number)
        found[number] = message[at : at + size]
        at += size
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
