from __future__ import annotations

import select
import time
from pathlib import Path

import pytest

from lab import pki
from loadtests.https_line import HttpsLine, NoAddress, Resolve, honest_resolver
from results.clock import Clock
from tests.lab.running import RunningLab
from tests.loadtests.matomo_server import NAME, MatomoServer, loopback, serving

BODY = b'{"requests":["?dimension1=x"]}'
CLOCK = Clock.anchored_now()


def line(
    server: MatomoServer,
    ca: Path | None = None,
    resolve: Resolve = loopback,
    connect_within_s: float = 30,
    answer_within_s: float = 30,
) -> HttpsLine:
    return HttpsLine(server.url, ca or server.ca, resolve, CLOCK, "App/1", connect_within_s, answer_within_s)


def soon() -> float:
    return time.monotonic() + 60


def test_a_connection_is_kept_and_used_again(tmp_path: Path) -> None:
    with serving(tmp_path, "take", "chunked", "leave") as server:
        one = line(server)
        before = CLOCK.now_ns()
        replies = [one.post("/matomo.php", BODY, soon()) for _ in range(4)]
        assert [(each.status, each.error, each.headers["serving-site"]) for each in replies] == [(200, "", "gra")] * 4
        assert {each.body for each in replies} == {b'{"status": "success", "tracked": 1, "invalid": 0}'}
        assert server.connections == 2, "after the third answer the server wanted it closed"
        assert before < replies[0].t_sent < replies[0].t_done < replies[1].t_sent
        assert server.seen[0]["user-agent"] == "App/1"
        assert server.seen[0]["host"] == server.url.removeprefix("https://")
        one.close()


def test_a_connection_that_was_closed_at_rest_is_seen_before_anything_is_sent_on_it(tmp_path: Path) -> None:
    with serving(tmp_path, "close-later") as server:
        one = line(server)
        assert one.post("/matomo.php", BODY, soon()).status == 200
        assert select.select([one._wire], [], [], 5)[0], "the server's end of it has arrived"
        assert (one.post("/matomo.php", BODY, soon()).status, server.connections) == (200, 2)


@pytest.mark.parametrize(
    ("mood", "error"), [("hang", "timeout"), ("drip", "timeout"), ("cut", "eof"), ("noise", "protocol")]
)
def test_without_a_whole_answer_in_time_nobody_knows(tmp_path: Path, mood: str, error: str) -> None:
    with serving(tmp_path, mood) as server:
        begun = time.monotonic()
        reply = line(server, answer_within_s=0.5).post("/matomo.php", BODY, soon())
        assert (reply.error, reply.status, reply.t_sent > 0) == (error, -1, True)
        assert time.monotonic() - begun < 20, "the caller would have waited for 60"


def test_the_callers_deadline_holds_before_its_own(tmp_path: Path) -> None:
    with serving(tmp_path, "hang") as server:
        one = line(server)
        begun = time.monotonic()
        assert one.post("/matomo.php", BODY, begun + 0.3).error == "timeout"
        assert time.monotonic() - begun < 20, "its own is 30"


def test_who_refuses_got_no_byte(tmp_path: Path) -> None:
    with serving(tmp_path, listening=False) as server:
        reply = line(server).post("/matomo.php", BODY, soon())
        assert (reply.error, reply.t_sent, reply.t_done > 0) == ("refused", 0, True)


def test_a_server_that_accepts_and_says_nothing_is_given_up_in_the_handshake(tmp_path: Path) -> None:
    with serving(tmp_path, listening=False) as server:
        server.server_activate()  # the kernel accepts; nobody answers
        reply = line(server, connect_within_s=0.5).post("/matomo.php", BODY, soon())
        assert (reply.error, reply.t_sent) == ("connect-timeout", 0)


def test_a_certificate_of_another_authority_gets_no_byte(tmp_path: Path) -> None:
    with serving(tmp_path / "one") as server:
        reply = line(server, ca=pki.make_keys(tmp_path / "other").ca).post("/matomo.php", BODY, soon())
        assert (reply.error, reply.t_sent, server.seen) == ("tls", 0, [])


def test_a_certificate_for_another_name_gets_no_byte(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        other = HttpsLine(server.url.replace(NAME, "matomo.example"), server.ca, lambda *_: "127.0.0.1", CLOCK, "App/1")
        assert (other.post("/matomo.php", BODY, soon()).error, server.seen) == ("tls", [])


def test_a_name_is_asked_for_at_each_connection(tmp_path: Path) -> None:
    asked = []

    def resolve(name: str, within_s: float) -> str:
        asked.append(name)
        if len(asked) == 1:
            raise NoAddress(f"{name}: SERVFAIL")
        return "127.0.0.1"

    with serving(tmp_path, "take", "take", "503", "leave") as server:
        one = line(server, resolve=resolve)
        errors = [one.post("/matomo.php", BODY, soon()).error for _ in range(6)]
        assert errors == ["dns", "", "", "", "", ""]
        assert len(asked) == 3, "refused, first connection, and the one after the server closed"


def test_the_honest_resolver_of_a_target_is_asked_from_the_patients_network(lab: RunningLab) -> None:
    call = (
        "import sys; from pathlib import Path\n"
        "from loadtests.https_line import honest_resolver; from targets.read import read_target\n"
        "resolve = honest_resolver(read_target(Path(sys.argv[1])))\n"
        "print(resolve(sys.argv[2], 2))\n"
        "try: resolve('none.heart.test', 2)\n"
        "except OSError as error: print(error)\n"
    )
    said = lab.inside("patients", lab.python, "-c", call, str(lab.up.target), NAME).splitlines()
    assert said[0] in {site.tools_address for site in lab.target.sites}
    assert said[1] == "none.heart.test: resolver honest says NXDOMAIN, and no address"


def test_a_resolver_that_does_not_answer_is_named() -> None:
    from targets.model import Resolver, Target

    nowhere = Target.model_construct(resolvers=[Resolver(name="r1", address="127.0.0.1", port=1)])
    with pytest.raises(NoAddress, match=r"matomo: resolver r1 gave no answer"):
        honest_resolver(nowhere)("matomo", 0.2)
