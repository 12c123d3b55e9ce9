# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What keeps a pipeline from starting: seen beforehand, in check mode too, or answered by the server. Nothing is running then."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from urllib.error import URLError

import pytest
from ansible.module_utils.oci_registry.errors import Unreachable
from ansible.module_utils.woodpecker.api import _unreachable

from modules.woodpecker_pipeline.test_started import failed
from plugins.woodpecker import WORKFLOW, Woodpecker

PUSH_ONLY = WORKFLOW.replace("{event: manual, branch: master}", "{event: tag}")
BOTH = pytest.mark.parametrize("check", [True, False])


@BOTH
def test_a_wrong_token(run_module, woodpecker: Woodpecker, check) -> None:
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(token="wrong"))
    failed(result, "authentication", "does not accept the token (status 401)")
    assert woodpecker.posts() == []


@BOTH
@pytest.mark.parametrize("user", ["user:hunter2-hunter2", ":hunter2-hunter2", "u:hunter2\u2100", "u:hunter2/b", "u:hunter2[b"])
def test_a_token_in_the_address(run_module, woodpecker: Woodpecker, check, user) -> None:
    address = woodpecker.server.address.replace("http://", f"http://{user}@")
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(server=address))
    failed(result, "bad-input", "is no address of a Woodpecker server")
    assert "hunter2" not in result["msg"]


@pytest.mark.parametrize("server", ["http://[::1", "http://[zz]", "http://", "ftp://ci.example.com", "http://ci?a=b"])
def test_an_address_that_is_none(run_module, woodpecker: Woodpecker, server) -> None:
    failed(run_module("woodpecker_pipeline", **woodpecker.options(server=server)), "bad-input", "is no address", server)


@BOTH
def test_a_token_with_the_word_that_the_header_begins_with(run_module, woodpecker: Woodpecker, check) -> None:
    failed(
        run_module("woodpecker_pipeline", check=check, **woodpecker.options(token="Bearer a.b.c")), "bad-input", "the token holds"
    )


@BOTH
def test_no_right_to_push(run_module, woodpecker: Woodpecker, check) -> None:
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(token="a.token-of.reader"))
    failed(result, "authentication", "no right to push", "a user who may push")
    assert woodpecker.posts() == []


@BOTH
def test_a_repository_that_is_not_there(run_module, woodpecker: Woodpecker, check) -> None:
    for name in ("o/other", "99"):
        result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(repository=name))
        failed(result, "not-found", "is not there, or is hidden from this token")
    failed(run_module("woodpecker_pipeline", check=check, **woodpecker.options(repository="infra")), "bad-input", "no repository")


@BOTH
def test_a_repository_that_is_switched_off(run_module, woodpecker: Woodpecker, check) -> None:
    woodpecker.repository.active = False
    failed(run_module("woodpecker_pipeline", check=check, **woodpecker.options()), "deactivated", "Activate it in Woodpecker")


@BOTH
def test_a_branch_that_is_not_there(run_module, woodpecker: Woodpecker, check) -> None:
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(branch="mastre"))
    failed(result, "branch-missing", "has no branch mastre", "Did you mean master?")
    assert woodpecker.posts() == []


def test_a_branch_on_the_third_page(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.repository.branches = [f"b{number}" for number in range(120)] + ["master"]
    result = run_module("woodpecker_pipeline", **woodpecker.options(branch="master"))
    assert result["pipeline"]["status"] == "success"
    assert len(woodpecker.asked("/branches")) == 3


def test_a_forge_that_does_not_tell_branches(run_module, woodpecker: Woodpecker) -> None:
    """The server then says 500 for one that is not there, and no reason."""
    woodpecker.world.switch(faults=["forge-down"])
    result = run_module("woodpecker_pipeline", **woodpecker.options(branch="nope"))
    failed(result, "unavailable", "answered 500 without a reason and started nothing", "may not know branch nope")


def test_an_old_server_that_takes_any_branch(run_module, start_woodpecker) -> None:
    server = start_woodpecker("2.4.0")
    server.world.switch(faults=["forge-down"])
    result = run_module("woodpecker_pipeline", **server.options(branch="nope"))
    failed(result, "filtered", "no workflow takes a manual run of branch nope")
    server.write("any.yml", WORKFLOW.replace(", branch: master", ""))
    server.world.switch(paused=True)
    result = run_module("woodpecker_pipeline", **server.options(branch="nope"))
    failed(result, "branch-missing", "has no branch nope", "It was canceled")
    assert [one.status for one in server.pipelines()] == ["killed"]


def test_a_fault_of_the_server(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["server-error"])
    failed(run_module("woodpecker_pipeline", **woodpecker.options()), "unavailable", "answered 500", "see the log of the server")
    assert woodpecker.posts() == ["/api/repos/1/pipelines"]


@pytest.mark.parametrize("version", ["1.0.5", "2.0.0", "2.4.0", "3.17.0"])
def test_no_workflow_takes_it(run_module, start_woodpecker, version) -> None:
    server = start_woodpecker(version)
    server.write("build-ci-image.yml", PUSH_ONLY)
    result = run_module("woodpecker_pipeline", **server.options())
    failed(result, "filtered", "no workflow takes a manual run of branch master, so nothing was started")
    assert result["pipeline"] == {} and server.pipelines() == []


@pytest.mark.parametrize("version", ["2.4.0", "3.4.0", "3.17.0"])
def test_files_that_the_forge_does_not_give(run_module, start_woodpecker, version) -> None:
    server = start_woodpecker(version)
    server.world.switch(faults=["config-fetch"])
    result = run_module("woodpecker_pipeline", **server.options())
    failed(result, "config-failed", "could not be fetched", "502 bad gateway", "See whether the forge answers")
    assert result["pipeline"]["status"] == "error"


def test_a_wrong_file_spoils_all(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("broken.yml", "when: {event: push}\nsteps: [{name: a, commands: [date]}]\n")
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "pipeline-error", "broken: Invalid or missing image")
    assert result["pipeline"]["errors"] == ["broken: Invalid or missing image"]


def test_no_yaml(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.write("broken.yml", "steps: [\n")
    failed(run_module("woodpecker_pipeline", **woodpecker.options()), "pipeline-error", "go-yaml load error")


def test_a_plugin_without_its_privilege(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.privileged_plugins = []
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    failed(result, "pipeline-error", "formerly privileged plugin", "WOODPECKER_PLUGINS_PRIVILEGED of the server")


def test_an_old_server_tells_an_error_in_one_text(run_module, start_woodpecker) -> None:
    server = start_woodpecker("1.0.5")
    server.write("broken.yml", "steps: [{name: a, commands: [date]}]\n")
    failed(run_module("woodpecker_pipeline", **server.options()), "pipeline-error", "Invalid or missing image")


@pytest.mark.parametrize(
    ("secrets", "code", "said"),
    [
        ([], "pipeline-error", 'secret "registry_password" not found'),
        ([{"name": "registry_password", "events": ["push"]}], "secret-not-manual", "is not allowed to be used"),
        ([{"name": "registry_password", "events": ["push", "manual"]}], "", ""),
    ],
)
def test_secrets_as_the_server_answers(run_module, woodpecker: Woodpecker, secrets, code, said) -> None:
    taking = WORKFLOW.replace("      repo:", "      password: {from_secret: registry_password}\n      repo:")
    woodpecker.write("build-ci-image.yml", taking)
    woodpecker.repository.secrets = secrets
    result = run_module("woodpecker_pipeline", **woodpecker.options())
    if code:
        failed(result, code, said)
    else:
        assert result["pipeline"]["status"] == "success"


@BOTH
def test_a_paused_queue(run_module, woodpecker: Woodpecker, check) -> None:
    woodpecker.world.switch(paused=True)
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(token="a.token-of.root"))
    failed(result, "queue-paused", "the queue of the server is paused")
    assert woodpecker.posts() == []


@BOTH
def test_no_agent(run_module, woodpecker: Woodpecker, check) -> None:
    woodpecker.world.switch(agents=0)
    result = run_module("woodpecker_pipeline", check=check, **woodpecker.options(token="a.token-of.root"))
    failed(result, "no-agent", "no agent is connected")
    assert len(woodpecker.asked("/queue/info")) == 2, "one that is just asking again counts for a moment as none"


def test_a_busy_agent_is_one(run_module, woodpecker: Woodpecker) -> None:
    let_go = woodpecker.held("build-and-push")
    woodpecker.wait_for(woodpecker.create(IMAGE="other"), "running")
    woodpecker.once("POST /api/repos/1/pipelines", let_go.set)
    result = run_module("woodpecker_pipeline", **woodpecker.options(token="a.token-of.root"))
    assert result["pipeline"]["status"] == "success"


def test_a_web_page_is_no_api(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["html"])
    failed(run_module("woodpecker_pipeline", **woodpecker.options()), "not-woodpecker", "answered text/html instead of JSON")


def test_a_proxy_without_a_server_behind_it(run_module, woodpecker: Woodpecker) -> None:
    woodpecker.world.switch(faults=["unavailable"])
    failed(run_module("woodpecker_pipeline", **woodpecker.options()), "unavailable", "answered 502")


def test_nobody_answers(run_module, woodpecker: Woodpecker) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        failed(run_module("woodpecker_pipeline", **woodpecker.options(server=address)), "unreachable", "gives no answer")
    woodpecker.world.switch(faults=["silent"])
    failed(run_module("woodpecker_pipeline", **woodpecker.options()), "unreachable", "gives no answer")


def test_an_answer_that_does_not_end(run_module, woodpecker: Woodpecker) -> None:
    """A byte now and then is no reason to wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip, args=(server,), daemon=True).start()
        asked = woodpecker.options(server=f"http://127.0.0.1:{server.getsockname()[1]}", timeout=1.0)
        began = time.monotonic()
        failed(run_module("woodpecker_pipeline", **asked), "unreachable", "the answer does not end")
        assert time.monotonic() - began < 15


def _drip(server: socket.socket) -> None:
    connection, _address = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            pass


def test_plain_http_to_a_tls_port(run_module, woodpecker: Woodpecker, any_registry) -> None:
    registry = any_registry(tls=True)
    failed(run_module("woodpecker_pipeline", **woodpecker.options(server=f"https://{registry.address}")), "tls", "certificate")


def test_tls_that_is_cut(run_module, woodpecker: Woodpecker) -> None:
    """A proxy that restarts is none whose certificate is wrong: it is borne with."""

    def cut(server: socket.socket) -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(1 << 16)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=cut, args=(server,), daemon=True).start()
        asked = woodpecker.options(server=f"https://127.0.0.1:{server.getsockname()[1]}")
        failed(run_module("woodpecker_pipeline", **asked), "unreachable", "gives no answer")
    for kind in (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
        for error in (kind(8, "ended"), URLError(kind(8, "ended"))):
            assert type(_unreachable("https://ci", error)) is Unreachable, error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timeout": 0}, "timeout is 0"),
        ({"interval": -1}, "interval is -1"),
        ({"lines": -1}, "lines is -1"),
        ({"state": "restarted"}, "Give number"),
        ({"number": 3}, "has no number yet"),
        ({"wanted": [{}]}, "neither workflow nor step"),
        ({"variables": {"A": ["b"]}}, "variable A is no text"),
        ({"branch": " "}, "there is no branch to run"),
    ],
)
def test_options_that_cannot_be_used(run_module, woodpecker: Woodpecker, change, said) -> None:
    failed(run_module("woodpecker_pipeline", **woodpecker.options(**change)), "bad-input", said)
    assert woodpecker.posts() == []
