# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What is tried again: 429 and 5xx, connections that died, and nothing else; waits end when the work is cancelled."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import RegistryUnavailable, Unreachable

from modules.client.scripted import Cut, answer, errors

TAGS = answer(200, b'{"tags":["v1"]}')
DIGEST = sha256_of(b"x")


def first(*replies):
    """A script: these replies in turn, then a good one."""
    upcoming = itertools.chain(replies, itertools.repeat(TAGS))
    return lambda seen: next(upcoming)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_registry_that_recovers(serve, client_of, status):
    server = serve(first(errors(status, "TOOMANYREQUESTS", Retry_After=0), answer(status)))
    client = client_of(server)
    assert client.tags("app") == ["v1"]
    assert client.requests == len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_registry_that_does_not_recover(serve, client_of, status):
    server = serve(lambda seen: answer(status))
    with pytest.raises(RegistryUnavailable, match=f"answers {status} .tried 4 times") as error:
        client_of(server, retries=3).get_manifest("app", "v1")
    assert f"{server.address}/v2/app/manifests/v1" in str(error.value)
    assert len(server.requests) == 4


def test_a_retry_after_is_waited_for(serve, client_of):
    server = serve(first(answer(429, Retry_After=1)))
    began = time.monotonic()
    assert client_of(server, retry_wait_cap=60.0).tags("app") == ["v1"]
    assert time.monotonic() - began >= 1.0


def test_a_wait_ends_when_the_work_is_cancelled(serve, client_of):
    cancel = threading.Event()

    def script(seen):
        threading.Timer(0.1, cancel.set).start()
        return answer(503, Retry_After=3600)

    client = client_of(serve(script), cancel=cancel, retry_wait_cap=3600.0)
    began = time.monotonic()
    with pytest.raises(RegistryUnavailable):
        client.tags("app")
    assert time.monotonic() - began < 30


def test_a_plain_500_is_asked_about_once_more_and_then_an_answer(serve, client_of):
    server = serve(lambda seen: errors(500, "UNKNOWN"))
    assert client_of(server).get_manifest("app", "v1").status == 500
    assert len(server.requests) == 2


def test_a_500_that_asks_to_wait_is_not_an_answer(serve, client_of):
    server = serve(lambda seen: errors(500, "UNKNOWN", Retry_After=1))
    with pytest.raises(RegistryUnavailable):
        client_of(server, retries=2).get_manifest("app", "v1")
    assert len(server.requests) == 3


def test_connections_that_die_before_an_answer(serve, client_of):
    server = serve(first(Cut(b""), Cut(b"HTTP/1.1 200 OK\r\nContent-Le")))
    assert client_of(server).tags("app") == ["v1"]
    assert len(server.requests) == 3


def test_connections_that_always_die(serve, client_of):
    server = serve(lambda seen: Cut(b""))
    with pytest.raises(Unreachable, match="tried 3 times"):
        client_of(server, retries=2).tags("app")
    assert len(server.requests) == 3


def test_connections_that_die_in_the_handshake(serve, client_of, server_context):
    """As those of a TLS proxy that restarts."""
    context, certificate = server_context

    class Restarting:
        asked = 0

        def wrap_socket(self, connection, server_side):
            self.asked += 1
            if self.asked < 3:
                connection.recv(1 << 16)
                raise OSError("away")
            return context.wrap_socket(connection, server_side=server_side)

    server = serve(first(), context=Restarting())
    assert client_of(server, ca_path=certificate).tags("app") == ["v1"]
    assert (server.context.asked, len(server.requests)) == (3, 1)


def test_a_kept_connection_that_was_closed_is_replaced_silently(serve, client_of):
    server = serve(first())
    client = client_of(server, retries=0)
    assert client.tags("app") == ["v1"]
    server.end_connections()
    assert client.tags("app") == ["v1"]
    assert (client.requests, server.connections) == (2, 2)


def test_a_server_that_never_answers(serve, client_of):
    hang = threading.Event()
    server = serve(lambda seen: Cut(b"" if hang.wait(30) else b"late"))
    with pytest.raises(Unreachable, match=r"no answer within 0.2 s.*tried 2 times"):
        client_of(server, timeout=0.2).tags("app")
    hang.set()


def test_a_head_that_trickles_is_given_up(serve, client_of):
    gone = threading.Event()

    def trickle():
        yield b"HTTP/1.1 200 OK\r\n"
        while not gone.wait(0.05):
            yield b"X: y\r\n"

    server = serve(lambda seen: trickle())
    with pytest.raises(Unreachable, match=r"within 0.3 s"):
        client_of(server, timeout=0.3, retries=0).tags("app")
    gone.set()


def test_what_a_sink_was_given_is_not_given_again(serve, client_of, monkeypatch):
    finish = threading.Event()

    def stall():
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive."
        finish.wait(30)

    server, pieces = serve(lambda seen: stall()), []
    with pytest.raises(Unreachable):
        client_of(server, timeout=0.3).get_blob("app", DIGEST, pieces.append)
    finish.set()
    assert b"".join(pieces) == b"five."
    assert len(server.requests) == 1


def test_closing_the_client_ends_what_waits(serve, client_of):
    arrived, finish = threading.Event(), threading.Event()

    def script(seen):
        arrived.set()
        finish.wait(30)
        return TAGS

    client = client_of(serve(script))
    failures = []

    def ask():
        try:
            client.tags("app")
        except Unreachable as error:
            failures.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    assert arrived.wait(30)
    client.close()
    thread.join(5)
    finish.set()
    assert not thread.is_alive()
    assert "the client was closed" in failures[0]
