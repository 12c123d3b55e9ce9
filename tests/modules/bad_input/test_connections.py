# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Registries that cannot be reached, or do not let us in: one message that says what to do, exit code 2, nothing accused."""

from __future__ import annotations

import socket

import pytest
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import answer

USER, PASSWORD = "operator", "s3cr3t-of-the-lab"


def refused(outcome, *words):
    """Nothing was seen, and the message has these words."""
    missing = [word for word in words if word not in outcome.message]
    assert not missing, f"{missing} not in {outcome.message!r}"
    return outcome.status == 2 and not outcome.report.get("findings")


def test_a_host_that_does_not_exist(over_http):
    assert refused(over_http("registry.invalid:5000"), "registry.invalid", "resolve")


def test_a_port_where_nothing_listens(over_http):
    with socket.socket() as held:  # bound and not listening: nobody else gets it meanwhile
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        assert refused(over_http(address), address, "connection refused", "Is it running, and is this its port?")


def test_a_server_that_never_answers(over_http):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert refused(over_http(address, timeout=0.2), address, "no answer within 0.2 s")


def test_tls_spoken_to_a_port_without(over_http, any_registry):
    made = any_registry()
    assert refused(over_http(made.address, scheme="https"), made.address, "does not speak TLS", "scheme to http")


def test_no_tls_spoken_to_a_port_with(over_http, any_registry):
    made = any_registry(tls=True)
    assert refused(over_http(made.address), made.address, "speaks TLS", "scheme to https")


def test_a_certificate_that_nobody_knows(over_http, any_registry):
    made = any_registry(tls=True)
    assert refused(over_http(made.address, scheme="https"), made.address, "certificate", "ca_path")
    assert over_http(made.address, scheme="https", ca_path=made.ca_path).status == 0


@pytest.mark.parametrize(
    ("credentials", "words"),
    [({}, "wants credentials"), ({"username": USER, "password": "wr0ng"}, "does not accept these credentials")],
)
def test_credentials_that_are_missing_or_wrong_are_not_called_broken(over_http, registry, credentials, words):
    made = registry(htpasswd=(USER, PASSWORD, 4))
    place_on_disk(made.root, "app", "v1", images.image("one"))
    outcome = over_http(made.address, **credentials)
    assert refused(outcome, made.address, words)
    assert "wr0ng" not in outcome.message + str(outcome.report)
    assert over_http(made.address, username=USER, password=PASSWORD).status == 0


@pytest.mark.parametrize("status", [200, 404, 403])
def test_a_web_server(over_http, serve, status):
    page = answer(status, b"<html><body>Welcome to nginx!</body></html>", Content_Type="text/html")
    server = serve(lambda _seen: page)
    assert refused(over_http(server.address), server.address)


@pytest.mark.parametrize("address", ["https://registry.example.com", "user:secret@host:5000", "host:99999", "ho st", ""])
def test_an_address_that_is_none(over_http, address):
    outcome = over_http(address)
    assert refused(outcome)
    assert "host[:port]" in outcome.message or "no registry given" in outcome.message
    assert "secret" not in outcome.message


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("concurrency", 0, "concurrency 0 is not from 1 to 64"),
        ("timeout", 0, "timeout"),
        ("timeout", "nan", "timeout"),
        ("timeout", "inf", "timeout"),
        ("tags_per_repository", -1, "negative"),
        ("ca_path", "/nonexistent/ca.pem", "/nonexistent/ca.pem"),
        ("ca_path", __file__, "no PEM file"),
        ("username", "someone", "go together"),
    ],
)
def test_options_that_make_no_sense(over_http, option, value, words):
    assert refused(over_http("127.0.0.1:1", **{option: value}), words)
