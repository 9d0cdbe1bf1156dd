"""What happens between two sites, with the manifests' own scripts and arguments and without Kubernetes: run in a network
namespace of its own, ``python -m tests.deploy.kubernetes.two_sites FOLDER``; prints one JSON object of facts.

A pod is here the processes that its manifest names, their paths moved below FOLDER; the sites' databases are 127.0.0.1 and .2.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import urllib3

from lab import manifest_files, servers
from tests.deploy.kubernetes.auditor import Auditor
from tests.deploy.kubernetes.manifests import FOLDER, one, plain
from tests.lab.upload import bundle, token

ADDRESS = {"fra": "127.0.0.1", "gra": "127.0.0.2"}
BIN = servers.program("pg_rewind").parent


@dataclass(frozen=True)
class Database:
    """The pod of a site's PostgreSQL."""

    root: Path
    site: str

    @property
    def other(self) -> str:
        return "gra" if self.site == "fra" else "fra"

    @property
    def folder(self) -> Path:
        return self.root / self.site

    def environment(self) -> dict[str, str]:
        """As the manifest gives it to both containers."""
        pod = one(plain(), "StatefulSet", "postgres")["spec"]["template"]["spec"]
        assert pod["initContainers"][0]["env"] == pod["containers"][0]["env"]
        given = {each["name"]: each.get("value", "") for each in pod["containers"][0]["env"]}
        mounted = {name: str(self.folder / value.lstrip("/")) for name, value in given.items() if value.startswith("/")}
        return {
            **given,
            **mounted,
            "SITE": self.site,
            "OTHER": self.other,
            # the name is verified, the address is this test's, and no node port leads to it: what is said last counts
            "PEER": given["PEER"] + f" hostaddr={ADDRESS[self.other]} port=5432",
            "PATH": f"{BIN}:/usr/bin:/bin",
            **servers.environment(),
        }

    def lay_out(self) -> None:
        """The mounts."""
        made = self.root / "made"
        for name in ("data", "given", "begin", "run/postgres", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "conf").symlink_to(FOLDER / "base" / "postgres")
        for name, source in {
            "passwords": "secrets/passwords",
            "private.pem": "secrets/private.pem",
            "ca.pem": "ca.pem",
            "schema.sql": "vitals.sql",
        }.items():
            (self.folder / "given" / name).write_bytes((made / source).read_bytes())
            (self.folder / "given" / name).chmod(0o600)

    def script(self, name: str, *arguments: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["timeout", str(within_s), "sh", str(self.folder / "conf" / name), *arguments],
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def link(self, *arguments: str) -> str:
        """What the site measures on its way to the other one."""
        done = subprocess.run(
            ["perl", str(self.folder / "conf/link.pl"), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return must(done)

    def start(self) -> subprocess.Popen[bytes]:
        """After `prepare.sh`: the server, on the site's address where a pod has one of its own."""
        command = one(plain(), "StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"][0]["command"]
        log = (self.folder / "log").open("ab")
        process = subprocess.Popen(
            [*command, "-c", f"listen_addresses={ADDRESS[self.site]}"],
            env=self.environment(),
            cwd=self.folder,
            stdout=log,
            stderr=log,
        )
        ready = ["pg_isready", "-q", "-h", str(self.folder / "run/postgres")]
        for _ in range(300):
            if subprocess.run(ready, env=self.environment(), check=False).returncode == 0:
                return process
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def probe(self, kind: str) -> int:
        """Exit code of a probe's own command."""
        (container,) = one(plain(), "StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"]
        command = [word.replace("/run/", f"{self.folder}/run/") for word in container[kind]["exec"]["command"]]
        return subprocess.run(command, env=self.environment(), capture_output=True, check=False).returncode

    def ask(self, question: str, within_s: float = 10) -> str:
        """The answer of the site's own server to its superuser; 'no answer' after a while."""
        done = subprocess.run(
            [
                *("timeout", str(within_s), "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"),
                *("-h", str(self.folder / "run/postgres"), "-U", "postgres", "-d", "vitals", "-c", question),
            ],
            env={**self.environment(), "PGPASSFILE": str(self.folder / "run/postgres/passwords")},
            capture_output=True,
            text=True,
            check=False,
        )
        return "no answer" if done.returncode == 124 else (done.stdout + done.stderr).strip()


def must(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout + done.stderr).strip()


class Application:
    """The pod of one application server of a site, as its manifest starts it."""

    def __init__(self, root: Path, site: str) -> None:
        self.root, self.site, self.folder = root, site, root / f"{site}-vitals"
        made = root / "made"
        for name in ("tls", "given", "run/vitals", "exports"):
            (self.folder / name).mkdir(parents=True)
        for name in ("vitals.pem", "secrets/vitals.key"):
            (self.folder / "tls" / Path(name).name).write_bytes((made / name).read_bytes())
        for name in ("token.key", "passwords-vitals", "private.pem", "access/sentry.key"):
            (self.folder / "given" / Path(name).name).write_bytes((made / "secrets" / name).read_bytes())
        (self.folder / "given" / "ca.pem").write_bytes((made / "ca.pem").read_bytes())
        for secret in (self.folder / "given").iterdir():
            secret.chmod(0o640)  # as a mounted secret: its group may read it
        self.process = self._start()

    def _moved(self, text: str) -> str:
        head, equals, path = text.rpartition("=")
        return f"{head}{equals}{self.folder}{path}" if path.startswith("/") else text

    def _start(self) -> subprocess.Popen[bytes]:
        pod = one(plain(), "Deployment", "vitals")["spec"]["template"]["spec"]
        install = [self._moved(word) for word in pod["initContainers"][0]["command"]]
        subprocess.run(install, check=True)
        (container,) = pod["containers"]
        given = {each["name"]: self._moved(each.get("value", self.site)) for each in container["env"]}
        granian = Path(sys.executable).with_name("granian")
        return subprocess.Popen(
            [granian, *(self._moved(word) for word in container["args"])],
            env={"PATH": "/usr/bin:/bin", **given, "VITALS_DATABASE": ADDRESS[self.site]},
            cwd=FOLDER.parent.parent,
            stdout=(self.folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
        )

    def status(self, path: str) -> int:
        """Of a probe's page, asked as a kubelet does: HTTPS, certificate not verified."""
        for _ in range(100):
            try:
                return requests.get(f"https://127.0.0.1:8443{path}", verify=False, timeout=5).status_code  # noqa: S501
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def shown(self) -> dict[str, Any]:
        """As `deployed.sh` has it said in the pod."""
        done = subprocess.run(
            [sys.executable, "-m", "lab.vitals.shown", "8443", str(time.time())],
            env={**os.environ, "VITALS_HOST": "vitals.heart.test"},
            cwd=FOLDER.parent.parent,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        shown: dict[str, Any] = json.loads(must(done))
        return shown

    def upload(self, key: str) -> int:
        word = token((self.root / "made/secrets/token.key").read_text().strip())
        headers = {"Authorization": f"Bearer {word}", "Idempotency-Key": key, "Content-Type": "application/fhir+json"}
        return requests.post(
            "https://127.0.0.1:8443/fhir",
            json=bundle(key),
            headers=headers,
            verify=False,  # noqa: S501 - the name in the certificate is not this address
            timeout=20,
        ).status_code

    def metrics(self) -> str:
        """As Prometheus asks: certificates at both ends, the name as in tools/prometheus.yml."""
        pool = urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            9441,
            ca_certs=str(self.folder / "given/ca.pem"),
            cert_file=str(self.folder / "given/private.pem"),
            key_file=str(self.folder / "given/private.pem"),
            server_hostname=manifest_files.METRICS,
            assert_hostname=manifest_files.METRICS,
        )
        return pool.request("GET", "/metrics", retries=False).data.decode()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)


@dataclass
class Story:
    """What happens, part by part; `facts` is what tests look at."""

    root: Path
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        manifest_files.make(self.root / "made")
        self.fra, self.gra = Database(self.root, "fra"), Database(self.root, "gra")
        for each in (self.fra, self.gra):
            each.lay_out()

    def begin(self) -> None:
        """From two empty volumes; an empty volume alone makes no database."""
        facts, fra, gra = self.facts, self.fra, self.gra
        facts["unbidden"] = fra.script("prepare.sh", within_s=6).returncode
        facts["unbidden_made"] = (fra.folder / "data/pgdata").exists()
        (fra.folder / "begin/here").touch()
        facts["begins"] = must(fra.script("prepare.sh"))
        (fra.folder / "begin/here").unlink()
        self.at_fra = fra.start()
        facts["copies"] = must(gra.script("prepare.sh"))
        self.at_gra = gra.start()
        facts["synchronous"] = must(fra.script("synchronous.sh", "30"))
        kinds = ("startupProbe", "readinessProbe", "livenessProbe")
        facts["probes"] = [each.probe(kind) for each in (fra, gra) for kind in kinds]
        facts["synchronous_at_mirror"] = must(gra.script("synchronous.sh", "30"))
        facts["mirrored"] = [must(each.script("mirrored.sh")) for each in (fra, gra)]
        told = (fra.folder / "log").stat().st_size
        facts["link"] = [gra.link("round_trip"), gra.link("loss", "150")]
        facts["log_of_link"] = (fra.folder / "log").read_text()[told:]

    def serve(self) -> Application:
        facts = self.facts
        server = Application(self.root, "fra")
        facts["live"], facts["ready"] = server.status("/health/live"), server.status("/health/ready")
        facts["uploads"] = [server.upload("k-1"), server.upload("k-1"), server.upload("k-2")]
        facts["shown"] = server.shown()
        facts["metrics"] = "vitals_uploads_total" in server.metrics()
        facts["encrypted"] = self.fra.ask(
            "SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'vitals'"
        )
        where = f"host=127.0.0.1 user=vitals dbname=vitals passfile={server.folder}/run/vitals/passwords"
        facts["plain_refused"], facts["by_tls"] = (
            subprocess.run(
                ["psql", "-XAtq", "-c", "SELECT 1", "-d", f"{where} sslmode={mode}"],
                env={"PATH": f"{BIN}:/usr/bin:/bin", **servers.environment()},
                capture_output=True,
                check=False,
            ).returncode
            for mode in ("disable", "require")
        )
        self.auditor = Auditor(self.root)
        facts["store"] = [self.auditor.read(each) for each in (self.fra, self.gra)]
        return server

    def lose(self, server: Application) -> None:
        """The site dies, the other one takes over."""
        facts = self.facts
        end(self.at_fra)
        facts["store_of_the_dead"] = self.auditor.read_volume(self.fra)
        facts["probes_of_the_dead"] = [self.fra.probe(kind) for kind in ("readinessProbe", "livenessProbe")]
        facts["live_without"], facts["ready_without"] = server.status("/health/live"), server.status("/health/ready")
        server.stop()
        facts["promotes"] = must(self.gra.script("promote.sh"))
        facts["mirrored_after"] = must(self.gra.script("mirrored.sh"))
        after = Application(self.root, "gra")
        facts["ready_after"] = after.status("/health/ready")
        facts["kept"] = [after.upload("k-1"), after.upload("k-2"), after.upload("k-3")]
        after.stop()

    def come_back(self) -> None:
        """First alone, before it can hear of the promotion; then it hears of it."""
        facts, fra, gra = self.facts, self.fra, self.gra
        end(self.at_gra)
        facts["alone"] = must(fra.script("prepare.sh"))
        self.at_fra = fra.start()
        facts["alone_write"] = fra.ask(
            "INSERT INTO upload (key, patient, seq, digest, body) VALUES ('stray', 'p', 1, '', '')", within_s=3
        )
        end(self.at_fra)
        facts["goes_on"] = must(gra.script("prepare.sh"))
        self.at_gra = gra.start()
        facts["returns"] = must(fra.script("prepare.sh"))
        self.at_fra = fra.start()
        facts["synchronous_again"] = must(gra.script("synchronous.sh", "30"))
        facts["mirrored_again"] = must(gra.script("mirrored.sh"))
        facts["rows"] = {
            each.site: each.ask("SELECT string_agg(key, ' ' ORDER BY key) FROM upload") for each in (fra, gra)
        }

    def lose_the_volume(self) -> None:
        """Copied afresh, with the slot that is there already."""
        end(self.at_fra)
        subprocess.run(["rm", "-rf", str(self.fra.folder / "data/pgdata")], check=True)
        self.facts["copied_afresh"] = must(self.fra.script("prepare.sh"))
        self.at_fra = self.fra.start()
        must(self.gra.script("synchronous.sh", "30"))
        end(self.at_fra)
        # what the other site takes now is not what the dead one held
        self.gra.ask(
            "SET synchronous_commit = local; "
            "INSERT INTO upload (key, patient, seq, digest, body) VALUES ('k-4', 'p', 4, '', '')"
        )
        self.facts["store_of_a_dead_mirror"] = self.auditor.read_volume(self.fra)
        must(self.fra.script("prepare.sh"))
        self.at_fra = self.fra.start()
        must(self.gra.script("synchronous.sh", "30"))
        for _ in range(100):  # what has arrived is not yet applied
            if self.fra.ask("SELECT count(*) FROM upload") == "4":
                break
            time.sleep(0.1)
        self.facts["store_after"] = self.auditor.read(self.fra)["keys"]

    def promote_both(self) -> None:
        self.fra.ask("SELECT pg_promote()")
        end(self.at_fra)
        refused = self.fra.script("prepare.sh")
        self.facts["two_primaries"] = [refused.returncode, refused.stderr.strip()]
        end(self.at_gra)

    def tell(self) -> dict[str, Any]:
        """All of it, in its order."""
        self.begin()
        self.lose(self.serve())
        self.come_back()
        self.lose_the_volume()
        self.promote_both()
        return self.facts


def end(process: subprocess.Popen[bytes]) -> None:
    """As a machine without power does."""
    process.kill()
    process.wait()


def close_root(folder: Path) -> None:
    """The root file system becomes read-only, as in a pod; `folder`, where the mounts are, does not."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", "/"], check=True)


if __name__ == "__main__":
    urllib3.disable_warnings()
    os.umask(0o077)
    subprocess.run(["ip", "link", "set", "dev", "lo", "up"], check=True)
    close_root(Path(sys.argv[1]))
    told = Story(Path(sys.argv[1])).tell()
    told["root_writable"] = os.access("/", os.W_OK) or os.access(FOLDER, os.W_OK)
    print(json.dumps(told))
