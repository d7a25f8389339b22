"""The way to PostgreSQL as operators should have it: TLS that is verified, and no password in the
configuration."""
import os

import pytest
from harness import postgresql, zone_texts
from harness.certificates import Authority
from harness.postgresql import CERTIFIED, PASSWORD, USER, Postgresql
from harness.programs import Primary
from harness.waiting import wait_for

ZONE = "example.test."
HOST = "db.test"

pytestmark = pytest.mark.skipif(postgresql.programs_folder() is None,
                                reason="no PostgreSQL here (packages.txt has it)")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "authority")


@pytest.fixture
def database(running, authority):
    return running(Postgresql().use_tls(authority.issue(HOST), authority)).start()


@pytest.fixture
def password_file(tmp_path, database):
    """As libpq reads it: host:port:database:user:password."""
    path = tmp_path / "pgpass"
    path.write_text(f"{HOST}:{database.port}:*:{USER}:{PASSWORD}\n")
    path.chmod(0o600)
    return path


def conninfo(database, name="postgres", host=HOST, **words):
    """By name and address: no resolver knows the name."""
    words = {"host": host, "hostaddr": "127.0.0.1", "port": database.port, "dbname": name,
             "user": USER, "sslmode": "verify-full", **words}
    return " ".join(f"{word}={value}" for word, value in words.items())


class Sharing(Primary):
    def __init__(self, folder, text):
        super().__init__(folder, "ns1")
        self.configuration["store"]["shared"] = {"postgresql": text, "name": "ns1",
                                                 "take-over": "3s"}
        self.serve_file(ZONE, zone_texts.small(1))

    def sharing(self):
        return self.status()["shared"]

    def wait_to_lead(self):
        wait_for("it leads", lambda: self.sharing()["role"] == "leading", 30)
        self.wait_for_serial(ZONE, 1)
        return self

    def refused(self, *words):
        """Says why in libpq's words, and makes no version."""
        wait_for(f"it says {words}: {self.sharing()}", lambda: all(
            word in self.sharing()["problem"] for word in words), 30)
        sharing = self.sharing()
        assert (sharing["role"], sharing["connected"]) == ("following", False)
        assert self.zone_status(ZONE)["serial"] is None
        assert PASSWORD not in self.process.log_text()


def ours(database):
    return database.ask("SELECT s.ssl, s.version, a.client_addr FROM pg_stat_ssl s JOIN "
                        "pg_stat_activity a USING (pid) "
                        "WHERE a.application_name = 'twinzone-primary ns1'")


def test_verified_tls_and_a_password_file(tmp_path, running, database, authority, password_file):
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, sslrootcert=authority.ca, passfile=password_file)))
    primary.start().wait_to_lead()
    assert ours(database) == [["t", "TLSv1.3", "127.0.0.1"]] * 2
    with open(primary.path("twinzone.yaml"), encoding="utf-8") as file:
        assert PASSWORD not in file.read()
    database.stop()
    primary.put(zone_texts.small(2))
    wait_for("it says so", lambda: not primary.sharing()["connected"], 20)
    database.restart()
    primary.wait_for_serial(ZONE, 2, 60)
    assert ours(database) == [["t", "TLSv1.3", "127.0.0.1"]] * 2


def test_a_client_certificate_in_the_place_of_a_password(tmp_path, running, database, authority):
    client = authority.issue(USER)
    os.chmod(client.key, 0o600)
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, CERTIFIED, sslrootcert=authority.ca, sslcert=client.cert, sslkey=client.key)))
    primary.start().wait_to_lead()


@pytest.mark.parametrize("words, said", [
    ({"host": "other.test"}, ["other.test", "match"]),
    ({"sslmode": "disable"}, ["no pg_hba.conf entry", "no encryption"]),
])
def test_what_is_not_as_it_should_be_is_refused(tmp_path, running, database, authority,
                                                password_file, words, said):
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, **{"sslrootcert": authority.ca, "passfile": password_file, **words})))
    primary.start().refused(*said)


def test_another_authority_is_refused_until_the_right_one_is_there(tmp_path, running, database,
                                                                   authority, password_file):
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Authority(tmp_path, "stranger").ca.read_bytes())
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, sslrootcert=trusted, passfile=password_file)))
    primary.start().refused("certificate verify failed")
    trusted.write_bytes(authority.ca.read_bytes())
    primary.wait_to_lead()


def test_a_password_that_is_wrong_is_refused_until_it_is_right(tmp_path, running, database,
                                                               authority, password_file):
    right = password_file.read_text()
    password_file.write_text(right.replace(PASSWORD, "wrong"))
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, sslrootcert=authority.ca, passfile=password_file)))
    primary.start().refused("password authentication failed")
    password_file.write_text(right)
    primary.wait_to_lead()


def test_a_password_file_that_others_may_read_is_not_used(tmp_path, running, database, authority,
                                                          password_file):
    password_file.chmod(0o644)
    primary = running(Sharing(tmp_path / "ns1", conninfo(
        database, sslrootcert=authority.ca, passfile=password_file)))
    primary.start().refused("no password supplied")
    password_file.chmod(0o600)
    primary.wait_to_lead()
