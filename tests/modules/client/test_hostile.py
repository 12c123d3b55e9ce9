# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Servers that lie or never end: every answer is bounded, in size and in time, and none is mistaken for a registry's."""

from __future__ import annotations

import itertools

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import BadInput, NotARegistry, ProtocolError, RegistryUnavailable
from ansible.module_utils.oci_registry.model import MAX_MANIFEST_BYTES

from modules.client.scripted import Cut, answer, errors

DIGEST = sha256_of(b"x")
HTML = b"<!doctype html><title>Welcome</title>"


def endless(head, piece=b"x" * 65536):
    """A script that never stops sending."""
    return lambda seen: itertools.chain([head], itertools.repeat(piece))


def chunked(*chunks):
    """A whole answer in chunks."""
    parts = [b"%x;note=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts) + b"0\r\nX-Trailer: y\r\n\r\n"


def test_a_flood_of_headers(serve, client_of):
    server = serve(endless(b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"y" * 1000 + b"\r\n"))
    with pytest.raises(ProtocolError, match="bytes of headers"):
        client_of(server).tags("app")


def test_interim_answers_without_end(serve, client_of):
    server = serve(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"))
    with pytest.raises(ProtocolError, match="interim answers without end"):
        client_of(server).tags("app")


def test_interim_answers_are_skipped(serve, client_of):
    server = serve(lambda seen: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(200, b'{"tags":["v1"]}'))
    client = client_of(server)
    assert [client.tags("app"), client.tags("app")] == [["v1"], ["v1"]]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n"])
def test_a_manifest_that_is_too_large_is_cut_off(serve, client_of, head):
    client = client_of(serve(endless(head)))
    found = client.get_manifest("app", "v1")
    assert len(found.body) == MAX_MANIFEST_BYTES + 1
    assert not found.complete
    assert client.bytes_received < MAX_MANIFEST_BYTES + 200_000


def test_the_largest_manifest_that_a_registry_accepts(serve, client_of):
    server = serve(lambda seen: answer(200, b"x" * MAX_MANIFEST_BYTES))
    found = client_of(server).get_manifest("app", "v1")
    assert (len(found.body), found.complete) == (MAX_MANIFEST_BYTES, True)


def test_an_error_page_without_end(serve, client_of):
    client = client_of(serve(endless(b"HTTP/1.1 404 No\r\nDocker-Distribution-Api-Version: registry/2.0\r\n\r\n")))
    assert client.get_manifest("app", "v1").status == 404
    assert client.bytes_received < 1_000_000


def test_an_ignored_range_is_counted_not_held(serve, client_of):
    server = serve(lambda seen: answer(200, b"x" * 300_000))
    client = client_of(server)
    found = client.get_blob_range("app", DIGEST, 299_999, 299_999)
    assert (found.status, found.body, found.received, found.complete) == (200, b"", 300_000, True)
    assert client.get_blob_range("app", DIGEST, 299_999, 299_999).complete
    assert server.connections == 1


def test_an_ignored_range_without_end_is_read_no_further_than_the_range(serve, client_of):
    client = client_of(serve(endless(b"HTTP/1.1 200 OK\r\n\r\n")))
    found = client.get_blob_range("app", DIGEST, 999, 999)
    assert (found.complete, found.body) == (False, b"")
    assert 1000 < found.received < 1_000_000


def test_a_range_that_is_exceeded_is_held_no_further_than_the_range(serve, client_of):
    server = serve(lambda seen: answer(206, b"x" * 500, Content_Range="bytes 99-99/100"))
    found = client_of(server).get_blob_range("app", DIGEST, 99, 99)
    assert (found.status, found.body) == (206, b"x")
    assert found.received == 500


@pytest.mark.parametrize("sent", [b"", b"1234"])
def test_a_body_shorter_than_declared(serve, client_of, sent):
    server = serve(lambda seen: Cut(answer(200, sent, Content_Length=10)))
    client = client_of(server)
    found = client.get_manifest("app", "v1")
    assert (found.status, found.body, found.complete, found.length, found.received) == (200, sent, False, 10, len(sent))
    assert client.get_blob("app", DIGEST, lambda piece: None).complete is False
    with pytest.raises(ProtocolError, match="ended before its declared length"):
        client.tags("app")


def test_chunks_are_put_together_and_the_connection_is_kept(serve, client_of):
    server = serve(lambda seen: chunked(b'{"tags":', b'["v1"]}'))
    client = client_of(server)
    assert [client.tags("app"), client.tags("app")] == [["v1"], ["v1"]]
    assert server.connections == 1


@pytest.mark.parametrize("body", [b"zz\r\n", b"-5\r\n", b"f" * 16 + b"\r\n", b"\r\n"])
def test_chunk_sizes_that_are_none(serve, client_of, body):
    server = serve(lambda seen: Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body))
    with pytest.raises(ProtocolError, match="chunk size"):
        client_of(server).get_manifest("app", "v1")


@pytest.mark.parametrize("rest", [b"", b"5", b"5\r\nab", b"2\r\nab\r\n", b"2\r\nab\r\n0\r\n"])
def test_chunks_that_end_too_soon(serve, client_of, rest):
    server = serve(lambda seen: Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest))
    found = client_of(server).get_manifest("app", "v1")
    assert not found.complete
    assert found.body in (b"", b"ab")


@pytest.mark.parametrize("piece", [b"0" * 65536, b"0\r\nX: y\r\n" + b"X: y\r\n" * 1000])
def test_chunks_without_end(serve, client_of, piece):
    server = serve(endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece))
    with pytest.raises(ProtocolError, match="without end"):
        client_of(server).get_manifest("app", "v1")


def test_bytes_after_the_end_of_an_answer_are_never_taken_for_the_next_one(serve, client_of):
    server = serve(lambda seen: answer(200, b'{"tags":["v1"]}') + answer(200, b'{"tags":["smuggled"]}'))
    client = client_of(server)
    assert [client.tags("app"), client.tags("app")] == [["v1"], ["v1"]]
    assert server.connections == 2


def test_an_encoding_that_nobody_asked_for(serve, client_of):
    server = serve(lambda seen: answer(200, b"\x1f\x8b", Content_Encoding="gzip"))
    with pytest.raises(ProtocolError, match="gzip"):
        client_of(server).get_manifest("app", "v1")
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [200, 404])
def test_a_web_server_is_no_registry(serve, client_of, status):
    server = serve(lambda seen: answer(status, HTML, Content_Type="text/html; charset=utf-8"))
    client = client_of(server)
    calls = [
        lambda: list(client.repositories()),
        lambda: client.tags("app"),
        lambda: client.get_manifest("app", "v1"),
        lambda: client.get_blob_range("app", DIGEST, 0, 0),
    ]
    for call in calls:
        with pytest.raises(NotARegistry) as error:
            call()
        assert server.address in str(error.value)


def test_a_404_of_something_else_is_no_missing_image(serve, client_of):
    server = serve(lambda seen: answer(404, b'{"detail":"Not Found"}', Content_Type="application/json"))
    with pytest.raises(NotARegistry):
        client_of(server).get_manifest("app", "v1")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"{}", b"not json", b"[" * 100_000, b""])
def test_lists_that_are_none(serve, client_of, body):
    with pytest.raises(NotARegistry):
        client_of(serve(lambda seen: answer(200, body))).tags("app")


@pytest.mark.parametrize("body", [b'{"repositories":[7]}', b'{"repositories":["app",null]}', b'{"repositories":"app"}'])
def test_names_that_no_registry_lists(serve, client_of, body):
    with pytest.raises(ProtocolError):
        list(client_of(serve(lambda seen: answer(200, body))).repositories())


def test_tags_that_no_registry_lists(serve, client_of):
    with pytest.raises(ProtocolError, match="no tag"):
        client_of(serve(lambda seen: answer(200, b'{"tags":["v1",7]}'))).tags("app")


def test_names_that_no_repository_may_have_are_listed_and_never_asked_for(serve, client_of):
    client = client_of(serve(lambda seen: answer(200, b'{"repositories":["app","../etc"]}')))
    assert list(client.repositories()) == ["app", "../etc"]
    with pytest.raises(BadInput):
        client.tags("../etc")


def test_names_that_no_tag_may_have_are_listed_and_never_asked_for(serve, client_of):
    """Distribution lists every folder that lies among the tags."""
    client = client_of(serve(lambda seen: answer(200, b'{"tags":["v1","a/../b"]}')))
    assert client.tags("app") == ["v1", "a/../b"]
    with pytest.raises(BadInput):
        client.get_manifest("app", "a/../b")


def test_a_list_may_be_null(serve, client_of):
    client = client_of(serve(lambda seen: answer(200, b'{"tags":null,"repositories":null}')))
    assert client.tags("app") == []
    assert list(client.repositories()) == []


def test_a_list_that_the_registry_cannot_give(serve, client_of):
    with pytest.raises(RegistryUnavailable, match=r"500 \(UNKNOWN\)"):
        client_of(serve(lambda seen: errors(500, "UNKNOWN"))).tags("app")
    with pytest.raises(ProtocolError, match="no catalog"):
        list(client_of(serve(lambda seen: errors(404, "NOT_FOUND"))).repositories())
