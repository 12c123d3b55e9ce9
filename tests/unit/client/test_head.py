# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Heads of answers are parsed strictly, and nothing can break out of the line of a request."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.client.head import CHUNKED, UNTIL_CLOSE, format_request, parse_head
from ansible.module_utils.oci_registry.errors import ProtocolError


def test_a_head_is_status_headers_and_what_follows():
    head = parse_head(b'HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\nETag:  "x" ', "GET")
    assert head == (206, {"content-length": "1", "etag": '"x"'}, 1, 1, True)


def test_repeated_headers_are_joined():
    head = parse_head(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nWww-Authenticate: Bearer\r\nContent-Length: 0", "GET")
    assert head.headers["www-authenticate"] == "Basic, Bearer"


@pytest.mark.parametrize(
    ("method", "block", "framing", "keeps"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 7", 7, True),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 7", 0, True),
        ("GET", b"HTTP/1.1 304 Same\r\nContent-Length: 7", 0, True),
        ("GET", b"HTTP/1.1 204 None", 0, True),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", CHUNKED, True),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7", CHUNKED, True),
        ("GET", b"HTTP/1.1 200 OK", UNTIL_CLOSE, False),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: Close", 7, False),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 7", 7, False),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 7, 7", 7, True),
    ],
)
def test_what_follows_a_head(method, block, framing, keeps):
    head = parse_head(block, method)
    assert (head.framing, head.keep_alive) == (framing, keeps)


@pytest.mark.parametrize(
    "block",
    [
        b"HTTP/2 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 19,
        "HTTP/1.1 200 OK\r\nContent-Length: \u00b2".encode("latin-1"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\n folded: line",
        b"HTTP/1.1 200 OK\r\nName : value",
        b"HTTP/1.1 200 OK\r\n: value",
    ],
)
def test_a_head_that_breaks_the_protocol(block):
    with pytest.raises(ProtocolError):
        parse_head(block, "GET")


def test_a_request_is_its_line_and_headers():
    assert format_request("GET", "/v2/", (("Host", "a:1"),)) == b"GET /v2/ HTTP/1.1\r\nHost: a:1\r\n\r\n"


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/\u00e4", "/a\0"])
def test_no_target_breaks_out_of_its_line(target):
    with pytest.raises(ProtocolError):
        format_request("GET", target, ())


def test_no_header_breaks_out_of_its_line():
    with pytest.raises(ProtocolError) as error:
        format_request("GET", "/", (("Authorization", "Bearer se\r\ncret"),))
    assert "secret" not in str(error.value)
    assert "cret" not in str(error.value)
