# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""registry_notification against receivers that take it and receivers that do not: it never fails, and never says the address."""

from __future__ import annotations

import json
import threading
import time

import pytest

from modules.client.scripted import Cut, answer

SECRET = "/services/T0000/B0000/a-token-to-look-for"
BROKEN = [
    {
        "name": "private",
        "findings": [{"code": "child-missing", "severity": "critical", "repository": "<!channel>", "tags": ["1"]}],
    }
]
MODULE = "registry_notification"


def taken(_seen):
    return answer(200, b"ok", Content_Type="text/html")  # as Slack does


@pytest.fixture
def notify(run_module):
    """``notify(server, **options)``: the result, which holds nothing of the address."""

    def call(server, *, check=False, host="", **options):
        url = f"{'https' if server.context else 'http'}://{host or server.address}{SECRET}"
        result = run_module(
            MODULE, check, **{"webhook_url": url, "run": "verify", "results": BROKEN, "report": "/reports/1", **options}
        )
        shown = json.dumps({**result, "invocation": {}})
        assert "a-token-to-look-for" not in json.dumps(result)
        assert server.address.partition(":")[2] not in shown
        assert not result.get("failed")
        return result

    return call


def test_check_do_do_again(serve, notify):
    server = serve(taken)
    planned = notify(server, check=True)
    assert (planned["changed"], planned["sent"], planned["due"], server.requests) == (True, False, True, [])
    for times in (1, 2):
        result = notify(server)
        assert (result["changed"], result["sent"], result["problem"]) == (True, True, "")
        assert len(server.requests) == times
    seen = server.requests[0]
    assert (seen.method, seen.target, seen.headers["content-type"]) == ("POST", SECRET, "application/json; charset=utf-8")
    assert json.loads(seen.body) == {"text": result["text"]} == {"text": planned["text"]}
    assert "private: 1 found (child-missing 1): &lt;!channel&gt;:1" in result["text"]
    assert ":/reports/1" in result["text"]


def test_what_is_no_occasion_is_not_sent(serve, notify):
    server = serve(taken)
    result = notify(server, results=[{"name": "private", "findings": []}])
    assert (result["due"], result["sent"], result["seen"], result["text"]) == (False, False, ["healthy"], "")
    assert notify(server, results=[{"name": "private", "findings": []}], occasions=["healthy"])["sent"]
    assert len(server.requests) == 1


REFUSALS = {
    "an error of the server's": (answer(500), "it answers 500 (tried 3 times)", 3),
    "no such webhook": (answer(404, b"no_service"), "it answers 404 (no_service)", 1),
    "a word of its own for the address": (answer(404, f"no {SECRET}".encode()), "it answers 404", 1),
    "a web page": (answer(200, b"<!DOCTYPE html><title>Log in</title>"), "a web page answers, and no webhook", 1),
    "a redirect": (answer(302, b"", Location="http://127.0.0.1:1/elsewhere"), "it answers 302, which leads elsewhere", 1),
    "no HTTP": (Cut(b"220 mail ESMTP\r\n\r\n"), "HTTP", 1),
    "an end without an answer": (Cut(b""), "the connection broke", 1),
}


@pytest.mark.parametrize(("script", "said", "tries"), REFUSALS.values(), ids=REFUSALS)
def test_what_does_not_take_it(serve, notify, script, said, tries):
    server = serve(lambda _seen: script)
    result = notify(server)
    assert said in result["problem"]
    assert (result["sent"], result["changed"], len(server.requests)) == (False, False, tries)


def test_a_server_that_recovers_gets_it(serve, notify):
    answers = iter([answer(503, b"", Retry_After="0"), answer(429, b"", Retry_After="0"), answer(200, b"ok")])
    server = serve(lambda _seen: next(answers))
    assert notify(server)["sent"]
    assert len(server.requests) == 3


@pytest.mark.parametrize("how", ["hangs", "trickles", "asks to wait"])
def test_what_takes_too_long_is_not_waited_for(serve, notify, how):
    over = threading.Event()

    def script(_seen):
        if how == "asks to wait":
            return answer(503, b"", Retry_After="3600")
        return pieces()

    def pieces():
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while not over.wait(0.1):
            if how == "trickles":
                yield b"x"

    server = serve(script)
    began = time.monotonic()
    result = notify(server, timeout=1.0)
    over.set()
    assert time.monotonic() - began < 3
    assert ("503" if how == "asks to wait" else "no answer") in result["problem"]


def test_nobody_listens(serve, notify):
    server = serve(taken)
    server.context = None
    result = notify(server, host="127.0.0.1:1")
    assert result["problem"] == "the connection is refused (tried 3 times)"


def test_the_certificate_must_be_right(serve, notify, server_context):
    context, certificate = server_context
    server = serve(taken, context=context)
    assert "self-signed" in notify(server)["problem"]
    assert server.requests == []
    assert notify(server, ca_path=certificate)["sent"]
    other = serve(taken, context=context, host="127.0.0.2")
    assert "for another name" in notify(other, ca_path=certificate)["problem"]


def test_a_proxy_of_the_environment_is_used(serve, notify, monkeypatch):
    proxy = serve(taken)
    monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
    assert notify(proxy, host="chat.invalid")["sent"]
    assert proxy.requests[0].target == f"http://chat.invalid{SECRET}"


NONSENSE = ["no-url", "ftp://chat.invalid/x", "https:///nowhere", "http://user:word@chat.invalid/", "http://chat.invalid/a b"]


@pytest.mark.parametrize("url", NONSENSE)
def test_what_is_no_address(run_module, url):
    result = run_module(MODULE, webhook_url=url, run="verify", results=BROKEN)
    assert "what was given is no address of a webhook" in result["problem"]
    assert "chat.invalid" not in json.dumps(result)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read(serve, notify, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content, encoding="utf-8")
    assert f"{path}: ca_path" in notify(serve(taken), ca_path=str(path))["problem"]
