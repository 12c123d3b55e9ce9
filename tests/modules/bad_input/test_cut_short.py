# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Looks that end before they are done, and reports that nobody takes: what was seen is told, and the exit code is 2.

With one request at a time a walk ends one repository before it begins the next, so what it has seen at a given request is known.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.damage import damage
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.bad_input.looking import DOCTOR, ENVIRONMENT, SECONDS, outcome_of
from modules.client.scripted import Cut
from modules.walk.front import before

FIRST, SECOND = "app-1", "app-2"


def broken_and_sound(registry):
    """A broken image in the first repository, a sound one in the second."""
    made = registry()
    for repository in (FIRST, SECOND):
        place_on_disk(made.root, repository, "v1", images.build(repository))
    return made, damage("child-link-gone", made.root, FIRST, "v1").digest


def saw_the_first_only(outcome, lost):
    """Whether the damage in the first repository is told, and that there is more that could not be looked at."""
    found = [(finding["code"], finding["digest"]) for finding in outcome.report["findings"]]
    return outcome.status == 2 and found == [("child-missing", lost)] and not outcome.report["complete"]


def walk_command(address, *options):
    return [*DOCTOR, "walk", "--registry", address, "--scheme=http", "--concurrency=1", "--quiet", *options]


def test_a_registry_that_dies(over_http, any_registry, serve):
    made, lost = broken_and_sound(any_registry)

    def die(seen):
        if f"/{SECOND}/" not in seen.target:
            return None
        if made.running:
            os.kill(made.pid, signal.SIGKILL)
            server.shutdown()
            server.server_close()
        return Cut(b"")

    server = serve(before(made, die))
    outcome = over_http(server.address, concurrency=1)
    assert saw_the_first_only(outcome, lost)
    assert server.address in outcome.message


def test_an_interrupt_while_nothing_is_answered(any_registry, serve):
    made, lost = broken_and_sound(any_registry)
    reached, over = threading.Event(), threading.Event()

    def hold(seen):
        if f"/{SECOND}/" in seen.target:
            reached.set()
            over.wait(SECONDS)

    server = serve(before(made, hold))
    with subprocess.Popen(
        walk_command(server.address, "--output=json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert reached.wait(SECONDS)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=SECONDS)
        over.set()
    outcome = outcome_of(process.returncode, out, errors)
    assert saw_the_first_only(outcome, lost) and "interrupted" in outcome.message


def test_an_interrupt_between_two_repositories(any_registry, serve):
    made, lost = broken_and_sound(any_registry)
    interrupted = threading.Event()

    def interrupt(seen):
        if f"/{SECOND}/" in seen.target and not interrupted.is_set():
            interrupted.set()
            process.send_signal(signal.SIGINT)

    server = serve(before(made, interrupt))
    with subprocess.Popen(
        walk_command(server.address, "--output=json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        out, errors = process.communicate(timeout=SECONDS)
    assert interrupted.is_set()
    assert saw_the_first_only(outcome_of(process.returncode, out, errors), lost)


@pytest.mark.parametrize(
    ("redirection", "words"), [(">&-", "Bad file descriptor"), (">/dev/full", "No space left"), ("| true", "")]
)
def test_nobody_takes_the_report(any_registry, redirection, words):
    made, _lost = broken_and_sound(any_registry)
    command = f'{{ "$@"; echo "status $?" >&2; }} {redirection}'
    ran = subprocess.run(
        ["sh", "-c", command, "sh", *walk_command(made.address)], capture_output=True, text=True, env=ENVIRONMENT, timeout=SECONDS
    )
    message, status = ran.stderr.splitlines()[:-1], ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr and "Exception ignored" not in ran.stderr
    if words:
        assert status == "status 2"
        assert len(message) == 1 and "the report cannot be written" in message[0] and words in message[0]


def test_nothing_could_be_looked_at_is_told_to_programs_too():
    """What a probe or a CI page reads must not look like an old success."""
    texts = {}
    for output in ("junit", "prometheus", "text"):
        ran = subprocess.run(
            walk_command("registry.invalid", "--output", output), capture_output=True, text=True, env=ENVIRONMENT, timeout=SECONDS
        )
        assert ran.returncode == 2 and ran.stderr.startswith("registry-doctor: registry.invalid")
        texts[output] = ran.stdout
    assert ET.fromstring(texts["junit"])[0].get("errors") == "1"  # noqa: S314 - our own output
    assert 'registry_manifest_integrity_catalog_accessible{instance="registry.invalid"} 0\n' in texts["prometheus"]
    assert texts["text"] == ""


def test_a_zipapp_says_the_same(any_registry, tmp_path):
    """As it is shipped: built, and run by its own first line."""
    from runbook.build import write

    write(tmp_path / "registry-doctor.pyz")
    made, lost = broken_and_sound(any_registry)
    arguments = walk_command(made.address)[len(DOCTOR) :]
    ran = subprocess.run([tmp_path / "registry-doctor.pyz", *arguments], capture_output=True, text=True, timeout=SECONDS)
    assert ran.returncode == 1 and not ran.stderr
    assert lost in ran.stdout
    refused = subprocess.run(
        [tmp_path / "registry-doctor.pyz", "scan", tmp_path], capture_output=True, text=True, timeout=SECONDS
    )
    assert refused.returncode == 2 and "holds no registry store" in refused.stderr
    assert Path(made.root).is_dir()
