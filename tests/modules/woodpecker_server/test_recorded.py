# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The recorded exchanges: they are what the contract says, and our client reads each of them as what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from ansible.module_utils.oci_registry.errors import AuthenticationFailed
from ansible.module_utils.woodpecker.api import Client
from ansible.module_utils.woodpecker.errors import NotFound, NotWoodpecker, PipelineRefused
from ansible.module_utils.woodpecker.log import read_log
from ansible.module_utils.woodpecker.pipeline import read_pipeline, read_pipelines
from ansible.module_utils.woodpecker.verdict import judge

from plugins.contract_of_woodpecker import Contract, recorded

EXCHANGES = recorded()
OF_THE_API = [one for one in EXCHANGES if one["path"].startswith("/api/")]


def name_of(exchange: dict[str, Any]) -> str:
    return str(exchange["label"])


def labelled(label: str) -> Any:
    return json.loads(next(one for one in EXCHANGES if one["label"] == label)["body"])


class Replay(BaseHTTPRequestHandler):
    """Answers exchange N to whatever is asked below /N."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        one = OF_THE_API[int(self.path.split("/")[1])]
        self.send_response(one["status"])
        for name, value in one["headers"].items():
            self.send_header(name, value)
        if one["status"] != 204:
            self.send_header("Content-Length", str(len(one["body"].encode())))
        self.end_headers()
        self.wfile.write(one["body"].encode())

    do_POST = do_GET  # noqa: N815 - names of http.server

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def replay() -> Iterator[str]:
    """Address of a server that replays."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_there_are_98_that_a_route_takes(contract: Contract) -> None:
    described = [one for one in EXCHANGES if contract.operation(one["method"], one["path"])]
    undescribed = [one["path"] for one in EXCHANGES if one not in described]
    assert (len(EXCHANGES), len(described)) == (105, 98), undescribed


@pytest.mark.parametrize("exchange", EXCHANGES, ids=name_of)
def test_it_is_what_the_contract_says(exchange, contract: Contract) -> None:
    kind = exchange["headers"].get("Content-Type", "")
    contract.check(exchange["method"], exchange["path"], exchange["status"], kind, exchange["body"])


@pytest.mark.parametrize("number", range(len(OF_THE_API)), ids=lambda number: name_of(OF_THE_API[number]))
def test_the_client_reads_it(replay, number) -> None:
    one = OF_THE_API[number]
    client = Client(f"{replay}/{number}", "a.token")
    body = json.loads(one["request_body"]) if one["request_body"] else None
    kind = one["headers"].get("Content-Type", "").partition(";")[0]
    expected = {401: AuthenticationFailed, 403: AuthenticationFailed, 404: NotFound, 301: NotWoodpecker}.get(one["status"])
    if one["status"] == 200 and kind != "application/json":
        expected = NotWoodpecker
    if expected:
        with pytest.raises(expected):
            client.request(one["method"], one["path"].removeprefix("/api"), body)
        return
    answer = client.request(one["method"], one["path"].removeprefix("/api"), body)
    assert (answer.status, answer.version, client.version) == (one["status"], "3.17.0", "3.17.0")
    assert answer.filtered == ("Pipeline-Filtered" in one["headers"])
    assert answer.said == (one["body"] if kind == "text/plain" else "")
    assert answer.body == (json.loads(one["body"]) if kind == "application/json" else None)


@pytest.mark.parametrize("exchange", OF_THE_API, ids=name_of)
def test_every_pipeline_in_them_is_read(exchange) -> None:
    if exchange["status"] != 200 or not exchange["headers"]["Content-Type"].startswith("application/json"):
        return
    body = json.loads(exchange["body"])
    for each in body if isinstance(body, list) else [body]:
        if isinstance(each, dict) and "rerun_count" in each:
            pipeline = read_pipeline(each)
            assert (pipeline.number, pipeline.status, pipeline.created) == (each["number"], each["status"], each["created"])
            assert pipeline.ended == (each["finished"] > 0 and each["status"] not in ("blocked", "pending"))
            assert (pipeline.variables, pipeline.parent) == (each.get("variables", {}), each["parent"])
            assert len(pipeline.workflows) == len(each.get("workflows", []))
            assert len(pipeline.errors) + len(pipeline.warnings) == len(each["errors"] or [])


def test_a_warning_is_no_error() -> None:
    assert read_pipeline(labelled("F5 schema-invalid (unknown key) => warning only")).warnings == (
        "warn: Additional property foo is not allowed",
    )


def test_who_canceled_it() -> None:
    pipeline = read_pipeline(labelled("C7 get after cancel"))
    assert (pipeline.canceled_by, pipeline.status, pipeline.ended) == ("user dev", "canceled", True)


def test_a_file_that_is_refused() -> None:
    with pytest.raises(PipelineRefused, match="WOODPECKER_PLUGINS_PRIVILEGED of the server"):
        judge(read_pipeline(labelled("seed on server with WOODPECKER_PLUGINS_PRIVILEGED unset")), [], "here")


def test_the_list_says_why_the_forge_failed() -> None:
    assert read_pipelines(labelled("list forgedown"))[0].errors[0].startswith("could not load config from forge")


def test_logs() -> None:
    assert read_log(labelled("L3 logs")) == ["+ echo héllo", "red \ufffd\ufffd", ""]
    assert read_log(labelled("C2 logs pending step (none yet)")) == []
