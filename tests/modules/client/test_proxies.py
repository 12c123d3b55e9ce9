# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Proxies of the environment: plain HTTP by absolute address, TLS through a tunnel, and hosts that need none."""

from __future__ import annotations

import http.server
import select
import socket
import threading

import pytest
from ansible.module_utils.oci_registry.errors import BadInput, Unreachable
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push

from modules.client.scripted import answer


class TunnelProxy(http.server.ThreadingHTTPServer):
    """A proxy that opens tunnels and remembers to where."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://user:p%40ss@127.0.0.1:{self.server_address[1]}"


class _Tunnel(http.server.BaseHTTPRequestHandler):
    server: TunnelProxy

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.path, self.headers["Proxy-Authorization"]))
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            _relay(self.connection, far)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def _relay(near: socket.socket, far: socket.socket) -> None:
    while True:
        for ready in select.select([near, far], [], [], 30)[0]:
            data = ready.recv(65536)
            if not data:
                return
            (far if ready is near else near).sendall(data)


@pytest.fixture
def tunnel():
    with TunnelProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield proxy
        proxy.shutdown()
        thread.join()


def test_tls_goes_through_a_tunnel_and_is_verified_end_to_end(any_registry, client_of, tunnel, monkeypatch):
    made, image = any_registry(tls=True), images.image("one")
    push(made, "app", "v1", image)
    monkeypatch.setenv("https_proxy", tunnel.url)
    client = client_of(made, username="u", password="p")
    assert client.get_manifest("app", "v1").body == image.content
    assert tunnel.asked == [(made.address, "Basic dXNlcjpwQHNz")]


def test_plain_http_is_asked_of_the_proxy_by_absolute_address(serve, client_of, monkeypatch):
    proxy = serve(lambda seen: answer(200, b'{"tags":["v1"]}'))
    monkeypatch.setenv("http_proxy", f"http://u:p@{proxy.address}")
    registry = type("Server", (), {"address": "registry.example.com:5000"})
    assert client_of(registry).tags("app") == ["v1"]
    (seen,) = proxy.requests
    assert seen.target == "http://registry.example.com:5000/v2/app/tags/list"
    assert (seen.headers["host"], seen.headers["proxy-authorization"]) == ("registry.example.com:5000", "Basic dTpw")


@pytest.mark.parametrize("exempt", ["127.0.0.1", "*"])
def test_a_host_that_needs_no_proxy(serve, client_of, monkeypatch, exempt):
    server = serve(lambda seen: answer(200, b'{"tags":["v1"]}'))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", exempt)
    assert client_of(server).tags("app") == ["v1"]


def test_a_proxy_that_refuses_a_tunnel(serve, client_of, monkeypatch):
    proxy = serve(lambda seen: answer(407))
    monkeypatch.setenv("https_proxy", f"http://u:s3cr3t@{proxy.address}")
    registry = type("Server", (), {"address": "registry.example.com:5000"})
    with pytest.raises(Unreachable, match="answers 407") as error:
        client_of(registry, scheme="https").tags("app")
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1080", "https://127.0.0.1:3128", "http://"])
def test_a_proxy_of_an_unknown_kind(client_of, monkeypatch, address):
    monkeypatch.setenv("http_proxy", address)
    registry = type("Server", (), {"address": "registry.example.com:5000"})
    with pytest.raises(BadInput, match="http_proxy"):
        client_of(registry).tags("app")
