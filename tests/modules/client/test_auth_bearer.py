# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Tokens: one for each scope, fetched before it is needed, from the service that the challenge names and nobody else."""

from __future__ import annotations

import io
import itertools
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.module_utils.oci_registry.client import Pusher
from ansible.module_utils.oci_registry.client.auth.basic import basic_header
from ansible.module_utils.oci_registry.errors import AuthenticationFailed, RegistryUnavailable, Unreachable
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import ScriptedServer, answer, errors
from modules.client.together import together
from modules.client.tokens import TokenService

CREDENTIALS = {"username": "u", "password": "s3cr3t"}
AUTHORIZATION = basic_header("u", "s3cr3t")


def scopes_of(service: ScriptedServer) -> list[list[str]]:
    """The scopes of each request for a token, actions in alphabetical order: registries of different versions order them differently."""
    return [[ordered(scope) for scope in parse_qs(urlsplit(seen.target).query)["scope"]] for seen in service.requests]


def ordered(scope: str) -> str:
    kind, name, actions = scope.split(":")
    return f"{kind}:{name}:{','.join(sorted(actions.split(',')))}"


def test_a_real_registry_behind_a_token_service(registry, client_of, serve, tmp_path):
    tokens = TokenService(tmp_path, AUTHORIZATION)
    service = serve(tokens.script)
    made, image = registry(extra=tokens.configuration(service.address)), images.image("one")
    for name in ("a/one", "b/two"):
        place_on_disk(made.root, name, "v1", image)
    client = client_of(made, **CREDENTIALS)
    assert together(6, lambda _number: client.get_manifest("a/one", "v1").status) == [200] * 6
    assert client.get_manifest("b/two", "v1").body == image.content
    assert list(client.repositories()) == ["a/one", "b/two"]
    assert scopes_of(service) == [["repository:a/one:pull"], ["repository:b/two:pull"], ["registry:catalog:*"]]
    assert client.requests == 1 + 6 + 1 + 1
    assert service.requests[0].target.startswith("/token?account=lab&service=lab-registry&scope=")


def test_writing_to_a_real_registry_behind_a_token_service(registry, client_of, serve, tmp_path):
    tokens = TokenService(tmp_path)
    service = serve(tokens.script)
    made = registry(extra=tokens.configuration(service.address))
    client, blob = client_of(made), images.layer("one")
    pusher = Pusher(client)
    assert pusher.upload_blob("a/one", blob.digest, io.BytesIO(blob.content), len(blob.content)).status == 201
    assert pusher.mount_blob("b/two", blob.digest, "a/one").status == 201
    assert client.head_blob("b/two", blob.digest).length == len(blob.content)
    assert [sorted(scopes) for scopes in scopes_of(service)] == [
        ["repository:a/one:pull,push"],
        ["repository:a/one:pull", "repository:b/two:pull,push"],
        ["repository:b/two:pull"],
    ]


def test_wrong_credentials_are_refused_by_the_token_service(any_registry, client_of, serve, tmp_path):
    tokens = TokenService(tmp_path, AUTHORIZATION)
    service = serve(tokens.script)
    made = any_registry(extra=tokens.configuration(service.address))
    with pytest.raises(AuthenticationFailed, match="the token service answers 401") as error:
        client_of(made, username="u", password="wrong-one").tags("app")
    assert f"{service.address}/token" in str(error.value)
    assert "wrong-one" not in str(error.value)


def challenged(realm, accepts):
    """A registry that wants a token of ``realm`` and takes those that ``accepts``."""
    challenge = f'Bearer realm="{realm}",service="s",scope="repository:app:pull"'

    def script(seen):
        if accepts(seen.headers.get("authorization", "")):
            return answer(200, b'{"tags":["v1"]}')
        return errors(401, "UNAUTHORIZED", Www_Authenticate=challenge)

    return script


def numbered(life=300, field="token"):
    """A token service that gives a new number each time."""
    numbers = itertools.count(1)
    return lambda seen: answer(200, b'{"%s":"t%d","expires_in":%d}' % (field.encode(), next(numbers), life))


@pytest.mark.parametrize("field", ["token", "access_token"])
def test_credentials_go_to_the_token_service_only(serve, client_of, field):
    service = serve(numbered(field=field))
    server = serve(challenged(f"http://{service.address}/token", lambda sent: sent == "Bearer t1"))
    assert client_of(server, **CREDENTIALS).tags("app") == ["v1"]
    assert [seen.headers.get("authorization") for seen in service.requests] == [AUTHORIZATION]
    assert [seen.headers.get("authorization") for seen in server.requests] == [None, "Bearer t1"]


def test_an_anonymous_client_asks_without_credentials(serve, client_of):
    service = serve(numbered())
    server = serve(challenged(f"http://{service.address}/token", lambda sent: sent == "Bearer t1"))
    assert client_of(server).tags("app") == ["v1"]
    assert "authorization" not in service.requests[0].headers


def test_a_token_that_expires_is_renewed_before_it_is_refused(serve, client_of):
    service = serve(numbered(life=1))
    server = serve(challenged(f"http://{service.address}/token", lambda sent: sent.startswith("Bearer")))
    client = client_of(server)
    client.tags("app")
    client.tags("app")
    assert len(service.requests) == 1
    threading.Event().wait(1.0)  # the life of the token
    client.tags("app")
    assert [seen.headers.get("authorization") for seen in server.requests] == [None, "Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_token_that_is_refused_is_renewed_once(serve, client_of):
    service = serve(numbered())
    accepted = ["Bearer t1"]
    server = serve(challenged(f"http://{service.address}/token", lambda sent: sent in accepted))
    client = client_of(server)
    assert client.tags("app") == ["v1"]
    accepted[:] = ["Bearer t2"]
    assert together(4, lambda _number: client.tags("app")) == [["v1"]] * 4
    assert len(service.requests) == 2
    accepted.clear()
    with pytest.raises(AuthenticationFailed, match="wants credentials"):
        client.tags("app")
    assert len(service.requests) == 3


def test_a_token_service_without_tls_gets_nothing(serve, client_of, server_context):
    context, certificate = server_context
    service = serve(numbered())
    server = serve(challenged(f"http://{service.address}/token", bool), context=context)
    with pytest.raises(AuthenticationFailed, match="no TLS"):
        client_of(server, ca_path=certificate, **CREDENTIALS).tags("app")
    assert service.requests == []


@pytest.mark.parametrize("realm", ["", "/token", "ftp://host/token", "http://u:p@host/token"])
def test_a_realm_that_is_none(serve, client_of, realm):
    server = serve(challenged(realm, bool))
    with pytest.raises(AuthenticationFailed, match="token service"):
        client_of(server, **CREDENTIALS).tags("app")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"token":7}', b'{"token":""}'])
def test_a_token_service_that_gives_none(serve, client_of, body):
    service = serve(lambda seen: answer(200, body))
    server = serve(challenged(f"http://{service.address}/token", bool))
    with pytest.raises(AuthenticationFailed, match="without a token"):
        client_of(server).tags("app")


def test_a_token_that_would_break_out_of_its_header(serve, client_of):
    service = serve(lambda seen: answer(200, b'{"token":"a\\r\\nX-Injected: b"}'))
    server = serve(challenged(f"http://{service.address}/token", bool))
    with pytest.raises(AuthenticationFailed, match="without a token"):
        client_of(server).tags("app")
    assert all("x-injected" not in seen.headers for seen in server.requests)


def test_a_token_service_that_is_busy_and_one_that_is_gone(serve, client_of):
    service = serve(lambda seen: answer(503))
    server = serve(challenged(f"http://{service.address}/token", bool))
    with pytest.raises(RegistryUnavailable, match="token service"):
        client_of(server, retries=1).tags("app")
    assert len(service.requests) == 2
    gone = serve(challenged("http://127.0.0.1:1/token", bool))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1/token: connection refused"):
        client_of(gone, retries=0).tags("app")


def test_both_schemes_offered(serve, client_of):
    service = serve(numbered())

    def script(seen):
        if seen.headers.get("authorization") == "Bearer t1":
            return answer(200, b'{"tags":["v1"]}')
        header = f'Basic realm="r", Bearer realm="http://{service.address}/token",service="s"'
        return errors(401, "UNAUTHORIZED", Www_Authenticate=header)

    assert client_of(serve(script), **CREDENTIALS).tags("team/app") == ["v1"]
    assert scopes_of(service) == [["repository:team/app:pull"]]
