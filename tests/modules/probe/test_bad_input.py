# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the probe is given, and what it meets: one clear error each, and nothing that looks like health."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.access import self_signed
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.process import free_port
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contract.project import ROOT
from modules.client.scripted import answer, errors, serving
from modules.probe.conftest import values_of
from modules.walk.front import before
from plugins.disk import fill


@pytest.fixture
def stocked(any_registry):
    made = any_registry()
    for repository in ("app", "web"):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    return made


def of(address: str) -> list[str]:
    return ["--registry", address, "--scheme=http"]


# -- what it is given


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "give --registry, or --config FILE"),
        (["--registry=r:5000", "--config=x.json"], "give --registry, or --config FILE"),
        (["--config=/nonexistent.json"], "/nonexistent.json: the configuration cannot be read (No such file"),
        (["--registry=http://r:5000"], "'http://r:5000' is no registry. Expected host[:port]"),
        (["--registry=r:5000", "--registry=r:5000"], "two registries have the instance r:5000"),
        (["--registry=r:5000", "--budget=0"], "budget 0 is not above 0 seconds"),
        (["--registry=r:5000", "--rate=-1"], "cannot be negative"),
        (["--registry=r:5000", "--concurrency=99"], "concurrency 99 is not from 1 to 64"),
        (["--registry=r:5000", "--repository=../etc"], "'../etc' is no repository name"),
        (["--registry=r:5000", "--ca-path=/nonexistent.pem"], "/nonexistent.pem: ca_path cannot be read"),
        (["--registry=r:5000", "--pushgateway=gateway:9091"], "the Pushgateway's URL is an address that is not http or https"),
        (["--registry=r:5000", "--pushgateway=http://u:p@gateway:9091"], "an address with credentials in it"),
        (["--registry=r:5000", "--textfile=/nonexistent/x.prom"], "/nonexistent: there is no such folder to write metrics to"),
        (["--registry=r:5000", "--textfile=/var"], "/var: is a folder, where a file for metrics was expected"),
        (["--registry=r:5000", "--state=/var/same", "--textfile=/var/same"], "state and textfile are the same file"),
        (["--registry=r:5000", "--username=u"], "there is no password for the user u"),
    ],
)
def test_what_cannot_be_meant(options, words, probe):
    code, out, err = probe(*options)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({}, "probe.registries: is missing"),
        ({"registries": []}, "no registry given"),
        ({"registries": [{}]}, "probe.registries[0].registry: is missing"),
        ({"registries": ["r:5000"]}, "probe.registries[0]: is no dict: str"),
        ({"registries": [{"registry": "r:5000", "user": "u"}]}, "there is no option user. Options: ca_path, instance"),
        ({"registries": [{"registry": "r:5000"}], "budget": "10m"}, "probe.budget: is no float: str"),
        ({"registries": [{"registry": "r:5000"}], "pushgateway": {}}, "probe.pushgateway.url: is missing"),
        (
            {"registries": [{"registry": "r:5000", "username": "u", "password_file": "/nonexistent"}]},
            "/nonexistent: the file with",
        ),
    ],
)
def test_a_configuration_that_cannot_be_meant(part, words, probe, tmp_path):
    path = tmp_path / "probe.json"
    path.write_text(json.dumps({"name": "lab", "probe": part}), encoding="utf-8")
    code, _out, err = probe("--config", path)
    assert (code, err.count("\n")) == (2, 1)
    assert words in err


def test_a_password_that_others_can_read(probe, tmp_path):
    path = tmp_path / "probe.json"
    entry = {"registry": "r:5000", "username": "u", "password": "p"}
    path.write_text(json.dumps({"name": "lab", "probe": {"registries": [entry]}}), encoding="utf-8")
    path.chmod(0o644)
    assert f"{path}: holds a password and can be read by others. Run: chmod 0600" in probe("--config", path)[2]


def test_a_password_goes_to_nobody_but_whom_it_is_for(probe, tmp_path, monkeypatch):
    """With several registries, that of the environment belongs to those whose user is named."""
    monkeypatch.setenv("REGISTRY_USERNAME", "u")
    monkeypatch.setenv("REGISTRY_PASSWORD", "secret")
    path = tmp_path / "probe.json"
    refusing = errors(401, "UNAUTHORIZED", Www_Authenticate='Basic realm="r"')
    with serving(lambda seen: refusing) as named, serving(lambda seen: refusing) as unnamed:
        entries = [
            {"registry": named.address, "scheme": "http", "username": "u"},
            {"registry": unnamed.address, "scheme": "http"},
        ]
        path.write_text(json.dumps({"name": "lab", "probe": {"registries": entries}}), encoding="utf-8")
        assert probe("--config", path)[0] == 2
        assert [seen for seen in named.requests if "authorization" in seen.headers]
        assert not [seen for seen in unnamed.requests if "authorization" in seen.headers]


# -- what it meets


def test_an_empty_catalog_where_there_was_something(stocked, probe, tmp_path):
    """What nginx shows when it leads to another registry than it did."""
    options = [*of(stocked.address), "--state", tmp_path / "state"]
    assert probe(*options)[0] == 0
    shutil.rmtree(Path(stocked.root, "docker"))
    code, out, err = probe(*options, "--exit-zero")
    shown = values_of(out)
    assert (code, shown["catalog_accessible"], shown["repositories"]) == (2, 0, 0)
    assert "failures" not in shown
    assert "lists no repository, and had 2 before. Is this the right registry" in err
    assert probe(*options)[0] == 2, "it does not get used to it"
    code, out, err = probe(*options, "--allow-empty")
    assert (code, values_of(out)["failures"]) == (0, 0)
    assert "HEALTHY, and empty" in err
    assert probe(*options)[0] == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the registry wants credentials"),
        (403, "answers 403 (DENIED)"),
        (404, "the registry offers no catalog"),
        (405, "answers 405"),
    ],
)
def test_a_catalog_that_is_closed(status, words, stocked, probe):
    refusal = errors(status, "DENIED", Www_Authenticate='Basic realm="r"') if status == 401 else errors(status, "DENIED")
    hook = before(stocked, lambda seen: refusal if "_catalog" in seen.target else None)
    with serving(hook) as front:
        code, out, err = probe(*of(front.address))
        assert (code, values_of(out)["catalog_accessible"]) == (2, 0)
        assert words in err
        assert "ame the repositories" in err
        code, out, err = probe(*of(front.address), "--repository=app", "--repository=web")
        assert (code, values_of(out)["repos_checked"], values_of(out)["catalog_accessible"]) == (0, 2, 1)


@pytest.mark.parametrize("status", [200, 404, 502])
def test_a_proxy_that_answers_html(status, probe, monkeypatch):
    page = answer(status, b"<html><title>Sign in</title></html>", Content_Type="text/html")
    with serving(lambda seen: page) as proxy:
        monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # tries without waits
        code, out, err = probe(*of(proxy.address), "--budget", 5)
    shown = values_of(out)
    assert (code, shown["catalog_accessible"]) == (2, 0)
    assert "failures" not in shown
    assert err.count("\n") == 2, "the verdict, and one line why"
    assert "Traceback" not in err


def test_repositories_that_cannot_be_read(stocked, probe):
    hook = before(stocked, lambda seen: errors(403, "DENIED") if "/v2/web/" in seen.target else None)
    with serving(hook) as front:
        code, out, err = probe(*of(front.address))
    shown = values_of(out)
    assert (code, shown["catalog_accessible"], shown["repos_checked"], shown["repos_unreadable"]) == (2, 1, 1, 1)
    assert shown["last_success_timestamp"] == 0
    assert shown["coverage_oldest_timestamp"] == 0
    assert "could not look at web: " in err


@pytest.mark.parametrize("served", [("_catalog",), ("_catalog", "tags/list")])
def test_a_registry_that_can_list_and_nothing_else(served, stocked, probe):
    hook = before(stocked, lambda seen: None if any(part in seen.target for part in served) else errors(403, "DENIED"))
    with serving(hook) as front:
        code, out, _err = probe(*of(front.address))
    assert (code, values_of(out)["catalog_accessible"]) == (2, 0)
    assert "failures" not in values_of(out)


def test_a_registry_that_dies_on_the_way(stocked, probe, monkeypatch):
    killed = []

    def kill(seen):
        if "/blobs/" in seen.target and not killed:
            killed.append(stocked.stop())

    def hook(seen):
        kill(seen)
        monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # tries without waits
        return answer(502, b"") if killed else None

    with serving(before(stocked, hook)) as front:
        code, out, err = probe(*of(front.address), "--concurrency", 1, "--timeout", 2)
    shown = values_of(out)
    assert (code, shown["catalog_accessible"], shown["repos_checked"]) == (2, 0, 0)
    assert "failures" not in shown
    assert "COULD NOT LOOK" in err


def test_the_wrong_authority(any_registry, probe, tmp_path):
    made = any_registry(tls=True)
    other, _key = self_signed(str(tmp_path), "localhost")
    code, out, err = probe("--registry", made.address, "--ca-path", other)
    assert (code, values_of(out)["catalog_accessible"]) == (2, 0)
    assert "certificate is" in err
    assert "Set ca_path to the PEM file" in err


def test_an_expired_certificate(probe, tmp_path):
    certificate, key = expired(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(lambda seen: answer(200, b'{"repositories":[]}'), context=context) as server:
        code, out, err = probe("--registry", server.address, "--ca-path", certificate)
    assert (code, values_of(out)["catalog_accessible"]) == (2, 0)
    assert "the certificate has expired. Renew it, or check the clock of this machine" in err


def expired(folder: Path) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that ended yesterday, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "expired")])
    start, end = now - timedelta(days=9), now - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, end)
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "expired.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "expired.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return str(folder / "expired.pem"), str(folder / "expired.key")


# -- where the metrics go


def test_a_pushgateway_that_is_down_is_tried_again_then_told(stocked, probe, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: 0.001)
    url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    code, _out, err = probe(*of(stocked.address), "--pushgateway", url, "--exit-zero")
    assert code == 2
    assert f"the metrics of {stocked.address} were not pushed:" in err
    assert "the Pushgateway gives no answer: connection refused (tried 5 times)" in err


def test_a_pushgateway_that_comes_up_meanwhile(stocked, probe, pushgateway, monkeypatch):
    pushgateway.stop()
    waits = []

    def started_on_the_second_wait(low, high):
        waits.append(high)
        if len(waits) == 7:  # five tries to read what was known, and the second to push
            pushgateway.start()
        return 0.001

    monkeypatch.setattr("random.uniform", started_on_the_second_wait)
    assert probe(*of(stocked.address), "--pushgateway", pushgateway.url)[0] == 0
    assert pushgateway.values()["repos_checked"] == 2


def test_a_pushgateway_that_refuses_one_metric(stocked, probe, pushgateway):
    """Somebody else pushed one of our names as another type: then it takes none of ours."""
    pushgateway.push(
        "other/instance/x", "# TYPE registry_manifest_integrity_failures counter\nregistry_manifest_integrity_failures 3\n"
    )
    code, _out, err = probe(*of(stocked.address), "--pushgateway", pushgateway.url)
    assert code == 2
    assert "the Pushgateway refuses the metrics (" in err
    assert "registry_manifest_integrity_failures" in err
    assert "Another group there may hold the same metric as another type" in err
    assert f'instance="{stocked.address}"' not in "".join(
        line for line in pushgateway.text().splitlines() if line.startswith("registry_manifest")
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, ""),
        (401, "the Pushgateway answers 401. Check its credentials"),
        (404, "answers 404, which no Pushgateway does. Check its URL"),
        (302, "answers 302, which no Pushgateway does"),
        (413, "the Pushgateway refuses the metrics (too much)"),
    ],
)
def test_what_a_pushgateway_may_answer(status, words, stocked, probe, monkeypatch):
    monkeypatch.setenv("PUSHGATEWAY_USERNAME", "pusher")
    monkeypatch.setenv("PUSHGATEWAY_PASSWORD", "geheim")
    with serving(lambda seen: answer(status, b"too much" if seen.method == "PUT" else b"")) as server:
        code, _out, err = probe(*of(stocked.address), "--pushgateway", f"http://{server.address}/prefix/")
        put = [seen for seen in server.requests if seen.method == "PUT"]
    assert code == (2 if words else 0)
    assert words in err
    assert "geheim" not in err
    assert {seen.target for seen in put} == {f"/prefix/metrics/job/registry_manifest_integrity/instance/{stocked.address}"}
    assert put[0].headers["authorization"] == "Basic cHVzaGVyOmdlaGVpbQ=="


def test_a_full_disk_keeps_the_old_metrics(stocked, probe, small_disk):
    file = small_disk / "probe.prom"
    assert probe(*of(stocked.address), "--textfile", file)[0] == 0
    old = file.read_text(encoding="utf-8")
    damage("child-link-gone", stocked.root, "app", "v1")
    fill(small_disk)
    code, _out, err = probe(*of(stocked.address), "--textfile", file)
    assert code == 2
    assert f"{file}: the metrics cannot be written (No space left on device)" in err
    assert file.read_text(encoding="utf-8") == old
    assert [path.name for path in small_disk.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_went_away_meanwhile(stocked, probe, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    hook = before(stocked, lambda seen: folder.rmdir() if folder.exists() else None)
    with serving(hook) as front:
        code, _out, err = probe(*of(front.address), "--textfile", folder / "probe.prom")
    assert code == 2
    assert "the metrics cannot be written (No such file or directory)" in err


def test_a_memory_that_is_nonsense(stocked, probe, tmp_path):
    state = tmp_path / "state"
    state.write_bytes(b"\xff\x00 registry_manifest_integrity_failures{ 1\n" * 3)
    assert probe(*of(stocked.address), "--state", state)[0] == 0
    assert "registry_manifest_integrity_failures" in state.read_text(encoding="utf-8")


def test_whoever_interrupts_it_gets_no_report(stocked, pushgateway):
    """Not a registry that cannot be looked at: a probe that did not look."""
    stop = []

    def hook(seen):
        if "/blobs/" in seen.target:
            stop.append(seen)
            time.sleep(0.05)

    with serving(before(stocked, hook)) as front:
        command = [sys.executable, "-m", "oci_registry.doctor", "probe", *of(front.address), "--pushgateway", pushgateway.url]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "module_utils")}
        with subprocess.Popen([*command, "--rate=20"], env=environment, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 20
            while not stop and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert err == "registry-doctor: interrupted\n"
    assert pushgateway.values() == {}
