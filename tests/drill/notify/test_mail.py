"""Against a small real mail server on the loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drill.notify.configuration import Mail
from drill.notify.mail import send
from drill.notify.notice import Notice
from drill.notify.patience import Definite, Transient
from lab import pki
from tests.drill.notify.receivers import HANG, MailServer

TO = ["duty@heart.test", "head@heart.test"]


def mail(server: MailServer, keys: pki.Keys, **more: Any) -> Mail:
    whole = {"name": "duty", "host": "127.0.0.1", "port": server.port, "ca_file": str(keys.ca), "to": TO}
    return Mail.model_validate({**whole, "sender": "drills@heart.test", **more})


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_message_arrives_encrypted_and_logged_in(keys: pki.Keys, notice: Notice, secret: Path, tls: str) -> None:
    with MailServer(keys.tools, tls=tls == "tls") as server:
        send(mail(server, keys, tls=tls, user="drills", password={"file": str(secret)}), notice, 10)
    ((sender, to, text),) = server.got
    assert (sender, to, server.logins) == ("drills@heart.test", TO, ["drills:right"])
    assert "Subject: PASS: drill story\r\n" in text
    assert "acknowledged uploads lost: 0 (objective: at most 0)" in text


def test_nothing_is_sent_in_the_clear(keys: pki.Keys, notice: Notice) -> None:
    with (
        MailServer(keys.tools, plain=True) as server,
        pytest.raises(Definite, match="STARTTLS extension not supported"),
    ):
        send(mail(server, keys), notice, 10)
    assert server.got == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_wrong_certificate_is_refused(keys: pki.Keys, notice: Notice, tmp_path: Path, tls: str) -> None:
    others = pki.make_keys(tmp_path)
    with MailServer(keys.tools, tls=tls == "tls") as server:
        with pytest.raises(Definite, match=r"127\.0\.0\.1: certificate not trusted: "):
            send(mail(server, others, tls=tls), notice, 10)
        with pytest.raises(Definite, match="localhost: certificate not trusted: "):
            send(mail(server, keys, tls=tls, host="localhost"), notice, 10)
    assert server.got == []


def test_a_wrong_password_is_definite_and_not_repeated(keys: pki.Keys, notice: Notice, secret: Path) -> None:
    secret.write_text("wrong-word")
    with MailServer(keys.tools) as server, pytest.raises(Definite) as told:
        send(mail(server, keys, user="drills", password={"file": str(secret)}), notice, 10)
    assert str(told.value) == "127.0.0.1: answered 535"
    assert told.value.__suppress_context__, "the server repeats the word: not in a traceback either"


@pytest.mark.parametrize(("code", "kind"), [(451, Transient), (554, Definite)])
def test_what_may_get_better_is_told_from_what_may_not(
    keys: pki.Keys, notice: Notice, code: int, kind: type[Exception]
) -> None:
    with MailServer(keys.tools, code) as server, pytest.raises(kind, match=f"answered {code}"):
        send(mail(server, keys), notice, 10)


def test_recipients_that_are_refused_are_told(keys: pki.Keys, notice: Notice) -> None:
    with MailServer(keys.tools) as server:
        with pytest.raises(Definite, match="refused 1 of 2 recipients, the others were told"):
            send(mail(server, keys, to=["unknown@heart.test", TO[0]]), notice, 10)
        assert len(server.got) == 1
        with pytest.raises(Definite, match=r"refused all 1 recipients \(550\)"):
            send(mail(server, keys, to=["unknown@heart.test"]), notice, 10)


def test_one_that_hangs_and_one_that_is_not_there_may_get_better(keys: pki.Keys, notice: Notice) -> None:
    with MailServer(keys.tools, HANG) as server, pytest.raises(Transient):
        send(mail(server, keys), notice, 0.5)
    with pytest.raises(Transient, match="no connection"):
        send(mail(server, keys), notice, 5)
