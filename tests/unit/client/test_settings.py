# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings that cannot be used are refused before anything is connected to."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.client import Answer, Client, Settings, error_codes
from ansible.module_utils.oci_registry.errors import BadInput


@pytest.mark.parametrize("registry", ["host", "host:5000", "127.0.0.1:1", "[::1]:5000", "[::1]", "a.b.example.com:65535"])
def test_registries(registry):
    Client(Settings(registry)).close()


@pytest.mark.parametrize(
    "registry",
    [
        "",
        "https://host",
        "host/path",
        "user@host",
        "host:0",
        "host:65536",
        "host:",
        "host:x",
        "ho st",
        "host?x",
        "host\n",
        "::1",
        "-host",
        "[ab]:5000",
        "[:::]",
        None,
    ],
)
def test_what_is_no_registry(registry):
    with pytest.raises(BadInput, match="host\\[:port\\]"):
        Client(Settings(registry))


def test_credentials_in_the_registry_are_not_repeated_in_the_error():
    with pytest.raises(BadInput) as error:
        Client(Settings("user:s3cr3t@host"))
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scheme": "ftp"},
        {"username": "u"},
        {"password": "p"},
        {"username": "a:b", "password": "p"},
        {"timeout": 0},
        {"retries": -1},
        {"retry_wait_cap": -1},
        {"ca_path": "/nonexistent/ca.pem"},
    ],
)
def test_other_settings_that_cannot_be_used(wrong):
    with pytest.raises(BadInput):
        Client(Settings("host", **wrong))


def test_a_ca_file_without_certificates(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("no certificate\n")
    with pytest.raises(BadInput, match="no PEM file"):
        Client(Settings("host", ca_path=str(path)))


def test_settings_do_not_show_their_password():
    assert "s3cr3t" not in repr(Settings("host", username="u", password="s3cr3t"))


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b'{"errors":[{"code":"NAME_UNKNOWN"},{"code":"X"}]}', ("NAME_UNKNOWN", "X")),
        (b'{"errors":[{"message":"no code"},"text",{"code":7}]}', ()),
        (b'{"errors":null}', ()),
        (b"[]", ()),
        (b"<html>", ()),
        (b"[" * 100_000, ()),
        (b"", ()),
    ],
)
def test_the_codes_of_an_error_body(body, codes):
    assert error_codes(Answer(404, {}, body, True, len(body), len(body))) == codes
