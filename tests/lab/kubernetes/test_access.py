"""Who is let in, and what he may."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from lab import pki
from lab.kubernetes import access, catalogue, kubeconfig
from lab.kubernetes.access import Door, User
from lab.kubernetes.refusal import Refusal


@pytest.fixture
def made(tmp_path: Path) -> Path:
    pki.make_keys(tmp_path, kubernetes=True)
    access.make_tokens(tmp_path)
    return tmp_path


def test_a_token_makes_somebody_its_user_and_nothing_else_does(made: Path) -> None:
    door, token = Door(made), access.token_file(made, "drill").read_text()
    assert door.user(f"Bearer {token}") == User("drill")
    for shown in ("", token, f"Basic {token}", "Bearer", f"Bearer {token[:-1]}", f"Bearer {token}x"):
        with pytest.raises(Refusal) as refused:
            door.user(shown)
        assert refused.value.code == 401
        assert token not in str(refused.value)


def test_every_lab_has_tokens_of_its_own(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    pki.make_keys(other)
    access.make_tokens(other)
    tokens = {access.token_file(state, user).read_text() for state in (made, other) for user in access.USERS}
    assert len(tokens) == 4


def test_the_read_only_account_may_change_nothing_of_all_that_there_is() -> None:
    reader, drill = User("drill-read-only"), User("drill")
    changing = {"create", "delete", "deletecollection", "patch", "update"}
    may = {
        (verb, each.plural)
        for each in catalogue.RESOURCES
        for verb in changing & set(each.verbs)
        if reader.may(verb, each.group, each.plural)
    }
    assert may == {("create", "selfsubjectaccessreviews")}
    for each in catalogue.RESOURCES:
        for verb in each.verbs:
            assert drill.may(verb, each.group, each.plural) is ((verb, each.plural) != ("get", "secrets"))


def test_a_refusal_says_who_what_and_where() -> None:
    with pytest.raises(Refusal) as refused:
        access.must(User("drill-read-only"), "delete", "", "pods", name="one", namespace="vitals")
    assert refused.value.code == 403
    assert str(refused.value) == (
        'pods "one" is forbidden: User "system:serviceaccount:vitals:drill-read-only" cannot delete resource "pods" '
        'in API group "" in the namespace "vitals"'
    )


def test_the_kubeconfig_has_two_contexts_for_each_site_and_is_nobody_else_s(made: Path) -> None:
    path = kubeconfig.write(made, {"fra": 1001, "gra": 1002})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    whole = json.loads(path.read_text())
    contexts = {each["name"]: each["context"] for each in whole["contexts"]}
    assert sorted(contexts) == ["fra", "fra-read-only", "gra", "gra-read-only"]
    assert contexts["gra-read-only"] == {"cluster": "gra", "user": "drill-read-only", "namespace": "vitals"}
    assert {each["cluster"]["server"] for each in whole["clusters"]} == {
        "https://127.0.0.1:1001",
        "https://127.0.0.1:1002",
    }
