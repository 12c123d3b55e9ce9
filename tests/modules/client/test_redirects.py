# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Redirects to a storage host: followed without credentials, with the range, never down to plain HTTP, never without end."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import AuthenticationFailed, NotARegistry, ProtocolError, TLSFailure

from modules.client.scripted import answer, errors

CONTENT = b"the bytes of a layer"
DIGEST = sha256_of(CONTENT)


def storage(seen):
    """Serves one blob whole or its last byte, as S3 does."""
    if "range" in seen.headers:
        length = len(CONTENT)
        return answer(206, CONTENT[-1:], Content_Range=f"bytes {length - 1}-{length - 1}/{length}")
    return answer(200, CONTENT)


def redirecting(location, status=307):
    """A registry with Basic authentication that redirects every blob."""

    def script(seen):
        if "authorization" not in seen.headers:
            return errors(401, "UNAUTHORIZED", Www_Authenticate='Basic realm="r"')
        return answer(status, b"<a href=...>", Location=location)

    return script


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_host_gets_the_range_and_no_credentials(serve, client_of, status):
    store = serve(storage)
    server = serve(redirecting(f"http://{store.address}/bucket/x?X-Amz-Signature=s3cr3t", status))
    client = client_of(server, username="u", password="p")
    last = len(CONTENT) - 1
    found = client.get_blob_range("app", DIGEST, last, last)
    assert (found.status, found.body, found.redirected) == (206, CONTENT[-1:], True)
    (seen,) = store.requests
    assert seen.target == "/bucket/x?X-Amz-Signature=s3cr3t"
    assert seen.headers["range"] == f"bytes={last}-{last}"
    assert "authorization" not in seen.headers
    assert seen.headers["host"] == store.address
    assert client.requests == 2  # the challenge and the redirect; the storage is not counted


def test_both_connections_are_kept(serve, client_of):
    store = serve(storage)
    server = serve(lambda seen: answer(307, Location=f"http://{store.address}/x"))
    client = client_of(server)
    for _time in range(3):
        assert client.get_blob("app", DIGEST, lambda piece: None).complete
    assert (server.connections, store.connections) == (1, 1)


def test_head_is_redirected_as_head(serve, client_of):
    store = serve(lambda seen: answer(200, Content_Length=7))
    server = serve(lambda seen: answer(307, Location=f"http://{store.address}/x"))
    assert client_of(server).head_blob("app", DIGEST).length == 7
    assert store.requests[0].method == "HEAD"


def test_a_redirect_within_the_registry_keeps_the_credentials(serve, client_of):
    def script(seen):
        if "authorization" not in seen.headers:
            return errors(401, "UNAUTHORIZED", Www_Authenticate='Basic realm="r"')
        return storage(seen) if seen.target == "/inside" else answer(307, Location="/inside")

    server = serve(script)
    found = client_of(server, username="u", password="p").get_blob("app", DIGEST, lambda piece: None)
    assert (found.status, found.redirected) == (200, False)


def test_redirects_without_end(serve, client_of):
    server = serve(lambda seen: answer(307, Location=seen.target + "x"))
    with pytest.raises(ProtocolError, match="more than 5 redirects"):
        client_of(server).get_blob("app", DIGEST, lambda piece: None)
    assert len(server.requests) == 6


def test_a_redirect_never_leaves_tls(serve, client_of, server_context):
    context, certificate = server_context
    store = serve(storage)
    server = serve(lambda seen: answer(307, Location=f"http://{store.address}/x?sig=s3cr3t"), context=context)
    with pytest.raises(ProtocolError, match="not followed") as error:
        client_of(server, ca_path=certificate).get_blob("app", DIGEST, lambda piece: None)
    assert "s3cr3t" not in str(error.value)
    assert store.requests == []


def test_a_storage_over_tls_is_verified_with_the_same_authority(serve, client_of, server_context):
    context, certificate = server_context
    store = serve(storage, context=context)
    server = serve(lambda seen: answer(307, Location=f"https://{store.address}/x"))
    assert client_of(server, ca_path=certificate).get_blob("app", DIGEST, lambda piece: None).complete
    with pytest.raises(TLSFailure, match="self-signed") as error:
        client_of(server).get_blob("app", DIGEST, lambda piece: None)
    assert store.address in str(error.value)


def test_a_storage_that_lost_the_object_is_an_answer(serve, client_of):
    store = serve(lambda seen: answer(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml"))
    server = serve(lambda seen: answer(307, Location=f"http://{store.address}/x"))
    assert client_of(server).get_blob("app", DIGEST, lambda piece: None).status == 404


def test_a_storage_that_refuses_says_nothing_of_the_blob(serve, client_of):
    store = serve(lambda seen: answer(403, b"<Error><Code>AccessDenied</Code></Error>"))
    server = serve(lambda seen: answer(307, Location=f"http://{store.address}/x?sig=s3cr3t"))
    with pytest.raises(AuthenticationFailed, match="storage") as error:
        client_of(server).get_blob("app", DIGEST, lambda piece: None)
    assert store.address in str(error.value)
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize("location", [None, "", "ftp://host/x", "http://user:pw@host/x", "http://h/a b"])
def test_a_redirect_to_nowhere(serve, client_of, location):
    server = serve(lambda seen: answer(307, Location=location))
    with pytest.raises(ProtocolError):
        client_of(server).get_blob("app", DIGEST, lambda piece: None)
    assert len(server.requests) == 1


def test_a_list_is_never_redirected(serve, client_of):
    server = serve(lambda seen: answer(302, Location="/login"))
    with pytest.raises(NotARegistry, match="302"):
        client_of(server).tags("app")
    assert len(server.requests) == 1
