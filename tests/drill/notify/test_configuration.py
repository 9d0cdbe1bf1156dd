from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from drill.notify import configuration
from drill.notify.configuration import BadNotify, Webhook, read_notify

HOOK = {"name": "ci", "url": "https://ci.example.org/drills"}
MAIL = {"name": "duty", "host": "mail.example.org", "sender": "drills@example.org", "to": ["duty@example.org"]}


def written(folder: Path, data: object) -> Path:
    path = folder / "notify.yaml"
    with path.open("w") as out:
        YAML().dump(data, out)
    return path


def test_the_example_of_the_documentation_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = str(configuration.__doc__).partition("::\n")[2].partition("\nUnknown keys")[0]
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ci.token").touch(0o600)
    (tmp_path / "notify.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAT_WEBHOOK_URL", "https://hooks.example.org/services/T0/B0/x")
    monkeypatch.setenv("MAIL_PASSWORD", "right")
    notify = read_notify(tmp_path / "notify.yaml")
    assert [channel.name for channel in notify.channels] == ["chat", "ci", "duty"]
    assert (notify.webhooks[0].form, notify.mails[0].when, notify.mails[0].tls) == ("slack", "trouble", "starttls")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "(whole file)"),
        ({}, "nobody to tell"),
        ({"webhooks": [HOOK, HOOK]}, "name ci: given twice"),
        ({"webhooks": [{**HOOK, "colour": "red"}]}, "webhooks.0.colour: Extra inputs"),
        ({"webhooks": [{**HOOK, "name": "a b"}]}, "webhooks.0.name: String should match"),
        ({"webhooks": [{**HOOK, "url": "http://ci.example.org/"}]}, "ci: url: must be https://"),
        ({"webhooks": [{**HOOK, "url": "https://me:word@ci.example.org/"}]}, "ci: url: must be https://"),
        ({"webhooks": [{**HOOK, "url": {"env": "NOT_SET"}}]}, "ci: environment variable NOT_SET: not set"),
        ({"webhooks": [{**HOOK, "authorization": {"file": "none"}}]}, "ci: secret file none: No such file"),
        ({"webhooks": [{**HOOK, "ca_file": "none.pem"}]}, "ci: ca_file none.pem: No such file"),
        ({"mails": [{**MAIL, "to": []}]}, "mails.0.to: List should have at least 1 item"),
        ({"mails": [{**MAIL, "to": ["a@b\nBcc: c@d"]}]}, "is no address"),
        ({"mails": [{**MAIL, "tls": "none"}]}, "mails.0.tls: Input should be 'starttls' or 'tls'"),
        ({"mails": [{**MAIL, "user": "me"}]}, "user and password: give both, or none"),
        ({"mails": [MAIL], "within_s": 3600}, "within_s: Input should be less than or equal to 600"),
        ({"mails": [MAIL], "report_base": "ftp://x"}, "report_base: String should match"),
    ],
)
def test_a_bad_one_is_refused_in_one_line(tmp_path: Path, data: Any, said: str) -> None:
    with pytest.raises(BadNotify) as told:
        read_notify(written(tmp_path, data))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, secret: Path) -> None:
    secret.chmod(0o644)
    with pytest.raises(BadNotify, match="mode 644, others than its owner may open it"):
        read_notify(written(tmp_path, {"webhooks": [{**HOOK, "authorization": {"file": str(secret)}}]}))


def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadNotify) as told:
        read_notify(written(tmp_path, {"mails": [{**MAIL, "user": "me", "password": "hunter2-hunter2"}]}))
    assert "mails.0.password" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadNotify, match="No such file"):
        read_notify(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(BadNotify, match="not YAML"):
        read_notify(tmp_path / "x.yaml")


def test_an_address_may_be_a_secret(secret: Path) -> None:
    secret.write_text("https://hooks.example.org/T0/B0\n")
    webhook = Webhook.model_validate({"name": "chat", "url": {"file": str(secret)}})
    assert webhook.address() == "https://hooks.example.org/T0/B0"
