"""The one message that is read as protobuf, as kubectl 1.32 sends it."""

from __future__ import annotations

import pytest

from lab.kubernetes.protobuf import access_review
from lab.kubernetes.refusal import Refusal


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def test_an_access_review() -> None:
    attributes = field(1, b"vitals") + field(2, b"delete") + field(5, b"pods") + field(6, b"log")
    review = field(1, b"") + field(2, field(1, attributes))
    raw = b"k8s\x00" + field(1, field(1, b"authorization.k8s.io/v1")) + field(2, review) + field(3, b"")
    expected = {"namespace": "vitals", "verb": "delete", "resource": "pods", "subresource": "log"}
    assert access_review(raw) == {"spec": {"resourceAttributes": expected}}


@pytest.mark.parametrize("raw", [b"", b"{}", b"k8s\x00", b"k8s\x00\x12\x7f", b"k8s\x00\xff", b"k8s\x00\x09\x01"])
def test_what_is_no_such_message_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        access_review(raw)
    assert refused.value.code == 400
