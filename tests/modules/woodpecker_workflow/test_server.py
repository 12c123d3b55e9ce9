# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a server that is asked knows against the workflow: secrets, events, plugins; and what may answer instead of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modules.woodpecker_workflow.conftest import INCIDENT
from modules.woodpecker_workflow.fake_woodpecker import TOKEN, secret

PLUGIN = "woodpeckerci/plugin-docker-buildx"
REFUSED = {
    "status": "error",
    "errors": [
        {
            "type": "linter",
            "is_warning": False,
            "message": f"The formerly privileged plugin `{PLUGIN}` is no longer privileged by default, …",
        }
    ],
}


def refused(workflow: Any, result: dict[str, Any], code: str, *said: str) -> None:
    assert (result.get("failed"), result.get("code")) == (True, code), result
    for words in said:
        assert words in result["msg"]
    assert "Traceback" not in result["msg"] and "\n" not in result["msg"]
    assert workflow.read_text(encoding="utf-8") == INCIDENT


def own(server: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.secrets["/repos/7/secrets"]
    return found


def test_all_is_well(workflow, edit, server):
    result = edit(**server.options(privileged_plugins=[PLUGIN]))
    assert (result["changed"], result["warnings"]) == (True, "[]")
    assert result["server_version"] == "3.17.0"
    assert TOKEN not in json.dumps({**result, "invocation": {}})
    assert not any(TOKEN in target for target in server.asked)


@pytest.mark.parametrize("check", [True, False])
def test_a_secret_without_the_event(workflow, edit, server, check):
    own(server)[1]["events"] = ["push", "tag"]
    result = edit(check=check, **server.options())
    refused(workflow, result, "cannot-run", "secret registry_password of step", "is only for push, tag", "Allow the event manual")


def test_a_secret_with_the_event(edit, server):
    own(server)[1]["events"] = ["push", "manual"]
    assert edit(**server.options())["changed"]


def test_a_secret_that_is_not_there(workflow, edit, server):
    own(server).pop()
    refused(
        workflow, edit(**server.options()), "cannot-run", "secret slack_webhook of step slack is not there for this repository"
    )


def test_a_secret_of_the_organisation_and_one_of_the_server(edit, server):
    server.secrets["/repos/7/secrets"] = []
    server.secrets["/orgs/3/secrets"] = [secret("REGISTRY_USER"), secret("registry_password")]
    server.secrets["/secrets"] = [secret("slack_webhook")]
    assert edit(**server.options())["changed"]


def test_the_secret_of_the_repository_wins(workflow, edit, server):
    own(server)[0]["events"] = ["push"]
    server.secrets["/orgs/3/secrets"] = [secret("registry_user", events=["manual"])]
    refused(workflow, edit(**server.options()), "cannot-run", "secret registry_user")


def test_what_is_hidden_is_only_warned_of(edit, server):
    own(server).pop()
    server.secrets["/orgs/3/secrets"] = None
    warnings = edit(**server.options())["warnings"]
    assert "secret slack_webhook of step slack is none of the repository" in warnings


def test_a_secret_for_plugins_only(workflow, edit, server):
    own(server)[1]["images"] = [PLUGIN]
    refused(
        workflow,
        edit(**server.options()),
        "cannot-run",
        "secret registry_password of step verify-integrity",
        "is only for plugins",
    )


def test_a_secret_for_other_plugins(workflow, edit, server):
    workflow.write_text(
        INCIDENT.replace("    environment:\n      SLACK_WEBHOOK:", "    other:\n      SLACK_WEBHOOK:"), encoding="utf-8"
    )
    own(server)[0]["images"] = [f"{PLUGIN}:6"]
    result = edit(**server.options(), verify=None, notify=None)
    assert "secret registry_user of step build-and-push is only for plugins" in result["msg"]
    own(server)[0]["images"] = [PLUGIN]
    assert edit(**server.options(), verify=None, notify=None)["changed"]


def test_a_secret_of_a_step_that_no_manual_run_runs(workflow, edit, server):
    more = """\
  - name: release
    image: plugins/github-release
    settings: {api_key: {from_secret: release_key}}
    when: {event: tag}
"""
    workflow.write_text(INCIDENT + more, encoding="utf-8")
    own(server).append(secret("release_key", events=["tag"]))
    assert edit(check=True, **server.options())["changed"]
    own(server).pop()
    assert edit(check=True, **server.options())["changed"], "a manual run does not ask for it"
    result = edit(check=True, **server.options(), manual=False)
    assert "secret release_key of step release is not there" in result["msg"]


@pytest.mark.parametrize("kind", ["services", "clone"])
def test_a_secret_of_what_is_no_step(workflow, edit, server, kind):
    more = f"\n{kind}:\n  db:\n    image: postgres:16.3\n    environment: {{PASS: {{from_secret: db_password}}}}\n"
    workflow.write_text(INCIDENT + more, encoding="utf-8")
    own(server).append(secret("db_password", events=["push"]))
    result = edit(**server.options())
    assert f"secret db_password of {kind.removesuffix('s')} db is only for push" in result["msg"]


@pytest.mark.parametrize(
    ("line", "trust"), [("privileged: true", "security"), ("volumes: [/a:/a]", "volumes"), ("dns: [10.0.0.1]", "network")]
)
def test_what_only_trusted_repositories_may(workflow, edit, server, line, trust):
    workflow.write_text(INCIDENT.replace("  - name: slack\n", f"  - name: slack\n    {line}\n"), encoding="utf-8")
    asked = server.options(privileged_plugins=[PLUGIN])
    result = edit(**asked, notify=None)
    assert result["code"] == "cannot-run"
    key = line.partition(":")[0]
    assert f"step slack uses {key}, and the server does not trust this repository with {trust}" in result["msg"]
    server.trusted = False
    assert edit(**asked, notify=None)["code"] == "cannot-run", "up to Woodpecker 2 it was one trust for all"
    server.trusted = {"network": False, "volumes": False, "security": False, trust: True}
    assert edit(**asked, notify=None)["changed"]


def test_many_secrets_come_page_by_page(edit, server):
    server.secrets["/repos/7/secrets"] = [secret(f"other_{number}") for number in range(120)] + own(server)
    assert edit(**server.options())["changed"]
    assert [target for target in server.asked if "page=3" in target] == ["/api/repos/7/secrets?page=3&perPage=50"]


def test_a_plugin_that_the_server_does_not_name(workflow, edit):
    refused(workflow, edit(privileged_plugins=[]), "cannot-run", "step build-and-push uses", "none of the privileged plugins")
    other = edit(privileged_plugins=["plugins/docker", f"{PLUGIN}:6.1.0"])
    refused(workflow, other, "cannot-run", "none of the privileged plugins")


def test_a_plugin_that_the_server_names(edit):
    assert edit(privileged_plugins=[f"docker.io/{PLUGIN}"])["warnings"] == "[]"


def test_a_plugin_that_the_server_refused_lately(workflow, edit, server):
    server.pipelines = [REFUSED, {"status": "success", "errors": None}]
    refused(workflow, edit(**server.options()), "cannot-run", "which this server refused in its newest pipelines")
    assert edit(**server.options(privileged_plugins=[PLUGIN]))["changed"], "who says what is allowed is believed"


def test_a_plugin_that_the_server_refused_long_ago(edit, server):
    server.pipelines = [{"status": "success", "errors": None}, REFUSED]
    assert edit(**server.options())["changed"]


def test_a_wrong_token(workflow, edit, server):
    refused(workflow, edit(**server.options(token="wrong")), "authentication", "does not accept the token (status 401)")
    refused(workflow, edit(**server.options(token=None)), "authentication", "wants a token (status 401)")


def test_a_repository_that_is_not_there(workflow, edit, server):
    refused(
        workflow, edit(**server.options(repository="o/other")), "not-found", "o/other is not there, or is hidden from this token"
    )
    refused(workflow, edit(**server.options(repository="infra")), "bad-input", "'infra' is no repository")
    refused(workflow, edit(**server.options(repository=None)), "bad-input", "server is given without repository")


def test_a_token_that_may_not_see_secrets(workflow, edit, server):
    server.secrets["/repos/7/secrets"] = None
    refused(
        workflow, edit(**server.options()), "not-found", "its secrets are hidden from this token", "may push to the repository"
    )


def test_a_web_page_is_no_api(workflow, edit, server):
    server.prefix = "/ci/api"
    refused(workflow, edit(**server.options()), "not-woodpecker", "answered text/html instead of JSON", "Check the address")
    assert edit(**server.options(server=f"{server.address}/ci/"))["changed"]


def test_nobody_answers(workflow, edit, server):
    with type(server)() as gone:
        address = gone.address
    refused(workflow, edit(**server.options(server=address)), "unreachable", f"{address}: gives no answer")


@pytest.mark.parametrize("address", ["ci.example.com", "ftp://ci.example.com", "https://user:hunter2@ci.example.com"])
def test_no_address(workflow, edit, server, address):
    result = edit(**server.options(server=address))
    refused(workflow, result, "bad-input", "is no address of a Woodpecker server")
    assert "hunter2" not in result["msg"]


def test_a_registry_is_no_woodpecker(workflow, edit, server, any_registry):
    registry = any_registry()
    refused(
        workflow, edit(**server.options(server=f"http://{registry.address}")), "not-woodpecker", "not as Woodpecker's API does"
    )


def test_plain_http_to_a_tls_port(workflow, edit, server, any_registry):
    registry = any_registry(tls=True)
    result = edit(**server.options(server=f"https://{registry.address}"))
    refused(workflow, result, "tls", "certificate")
