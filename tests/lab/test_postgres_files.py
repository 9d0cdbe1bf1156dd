from __future__ import annotations

from pathlib import Path

from lab.services.postgres_files import Settings, write_settings, write_source


def test_a_server_listens_on_the_private_link_and_lets_only_that_in(tmp_path: Path) -> None:
    write_settings(tmp_path, Settings("10.77.0.1", 5433, Path("/run/postgres/fra"), "fra", 64))
    settings = dict(
        line.split(" = ", 1) for line in (tmp_path / "postgresql.conf").read_text().splitlines() if " = " in line
    )
    assert (settings["listen_addresses"], settings["port"]) == ("'10.77.0.1'", "5433")
    assert (settings["unix_socket_directories"], settings["cluster_name"]) == ("'/run/postgres/fra'", "'fra'")
    assert settings["shared_buffers"] == "64MB"
    rules = [line.split() for line in (tmp_path / "pg_hba.conf").read_text().splitlines() if line]
    assert {rule[3] for rule in rules if rule[0] == "host"} == {"10.77.0.0/24"}
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}, "nobody is trusted"


def test_a_primary_follows_nobody_until_it_is_told_whom(tmp_path: Path) -> None:
    write_settings(tmp_path, Settings("10.77.0.1", 5432, Path("/run/postgres/fra"), "fra", 64))
    assert (tmp_path / "role.conf").read_text() == ""
    assert not (tmp_path / "standby.signal").exists()
    passwords = tmp_path / "passwords"
    passwords.write_text("*:*:*:postgres:very-secret\n")
    write_source(tmp_path, "fra", "10.77.0.2", 5432, passwords)
    told = (tmp_path / "role.conf").read_text()
    assert "host=10.77.0.2 port=5432 user=postgres application_name=fra" in told
    assert "primary_slot_name = 'fra'" in told
    assert "very-secret" not in told, "it names the file, and the file has mode 600"
    assert (tmp_path / "standby.signal").exists()
