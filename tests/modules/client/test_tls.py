# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""TLS against real registries, and the handshakes that fail: each names its reason and what to do."""

from __future__ import annotations

import os
import socket

import pytest
from ansible.module_utils.oci_registry.errors import NotARegistry, TLSFailure, Unreachable
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.access import self_signed
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from modules.client.scripted import Cut, answer
from modules.client.together import together


def test_a_self_signed_registry_is_trusted_by_its_ca_path(registry, client_of):
    made, image = registry(tls=True), images.image("one")
    push(made, "app", "v1", image)
    client = client_of(made)
    answers = together(4, lambda _number: client.get_manifest("app", "v1"))
    assert [found.body for found in answers] == [image.content] * 4


def test_a_stale_cache_is_seen_through_tls_too(registry, client_of):
    made = registry(tls=True, cache=True)
    blob = images.layer("one")
    push(made, "app", "v1", images.image("one", layers=[blob]))
    os.unlink(blob_path(made.root, blob.digest))
    found = client_of(made).get_blob_range("app", blob.digest, 0, 0)
    assert (found.complete, found.received) == (False, 0)


def test_a_self_signed_registry_without_ca_path(any_registry, client_of):
    with pytest.raises(TLSFailure, match=r"self-signed.*ca_path"):
        client_of(any_registry(tls=True), ca_path=None).tags("app")


def test_a_certificate_of_another_authority(any_registry, client_of, tmp_path):
    other, _key = self_signed(str(tmp_path), "localhost")
    with pytest.raises(TLSFailure, match=r"self-signed|unknown authority"):
        client_of(any_registry(tls=True), ca_path=other).tags("app")


def test_a_certificate_for_another_name(serve, client_of, server_context):
    context, certificate = server_context
    server = serve(lambda seen: answer(200, b'{"tags":[]}'), context=context, host="127.0.0.2")
    with pytest.raises(TLSFailure, match="for another name"):
        client_of(server, ca_path=certificate).tags("app")
    assert server.requests == []


def test_certificates_need_not_be_valid_where_the_settings_say_so(any_registry, client_of):
    assert client_of(any_registry(tls=True), ca_path=None, validate_certs=False).tags("app") is None


def test_tls_spoken_to_a_plain_port(any_registry, client_of):
    with pytest.raises(TLSFailure, match="scheme to http"):
        client_of(any_registry(), scheme="https").tags("app")


def test_plain_http_spoken_to_a_tls_port(registry, client_of):
    with pytest.raises(TLSFailure, match="scheme to https"):
        client_of(registry(tls=True), scheme="http", ca_path=None).tags("app")


def test_plain_http_answered_with_a_tls_alert(serve, client_of):
    server = serve(lambda seen: Cut(b"\x15\x03\x01\x00\x02\x02\x46"))
    with pytest.raises(TLSFailure, match="scheme to https"):
        client_of(server).tags("app")


def test_what_does_not_speak_http(serve, client_of):
    server = serve(lambda seen: Cut(b"220 mail.example.com ESMTP\r\n"))
    with pytest.raises(NotARegistry, match="does not speak HTTP"):
        client_of(server).tags("app")


def test_a_port_where_nothing_listens_is_not_tried_again(client_of):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = type("Server", (), {"address": f"127.0.0.1:{taken.getsockname()[1]}"})
        client = client_of(server)
        with pytest.raises(Unreachable, match="connection refused"):
            client.tags("app")
    assert client.requests == 1


def test_a_name_that_does_not_resolve(client_of):
    server = type("Server", (), {"address": "registry.invalid:5000"})
    with pytest.raises(Unreachable, match=r"registry\.invalid: the name does not resolve"):
        client_of(server).tags("app")
