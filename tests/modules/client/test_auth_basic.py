# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""htpasswd: the challenge is learned once, by whichever thread comes first, and every later request carries the credentials."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.errors import AuthenticationFailed
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.push import push

from modules.client.scripted import answer, errors
from modules.client.together import together

USER, PASSWORD = "operator", "pa:ss w\u00f6rd"


def test_one_request_learns_the_challenge_for_all(registry, client_of):
    made, image = registry(htpasswd=(USER, PASSWORD, 5)), images.image("one")
    push(made, "app", "v1", image, (USER, PASSWORD))
    client = client_of(made, username=USER, password=PASSWORD)
    statuses = together(8, lambda _number: client.get_manifest("app", "v1").status)
    assert statuses == [200] * 8
    assert client.requests == 8 + 1


@pytest.mark.parametrize(
    ("credentials", "message"),
    [({}, "wants credentials"), ({"username": USER, "password": "wrong"}, "does not accept these credentials")],
)
def test_credentials_that_are_missing_or_wrong(registry, client_of, credentials, message):
    client = client_of(registry(htpasswd=(USER, PASSWORD, 4)), **credentials)
    with pytest.raises(AuthenticationFailed, match=message) as error:
        client.tags("app")
    assert "/v2/app/tags/list" in str(error.value)
    assert "wrong" not in str(error.value)
    assert client.requests == 1 + len(credentials) // 2
    before = client.requests
    with pytest.raises(AuthenticationFailed, match=message):
        client.tags("app")
    assert client.requests == before + 1


def test_without_authentication_nothing_is_asked_twice(registry, client_of):
    made, image = registry(), images.image("one")
    push(made, "app", "v1", image)
    client = client_of(made, username=USER, password=PASSWORD)
    assert together(8, lambda _number: client.get_manifest("app", "v1").status) == [200] * 8
    assert client.requests == 8


def test_no_request_but_the_first_is_ever_sent_without_credentials(serve, client_of):
    def script(seen):
        if "authorization" not in seen.headers:
            return errors(401, "UNAUTHORIZED", Www_Authenticate='Basic realm="r"')
        return answer(200, b'{"tags":["v1"]}')

    server = serve(script)
    client = client_of(server, username=USER, password=PASSWORD)
    together(8, lambda _number: client.tags("app"))
    assert ["authorization" in seen.headers for seen in server.requests] == [False] + [True] * 8


def test_a_scheme_that_is_not_known_here_is_named(serve, client_of):
    server = serve(lambda seen: errors(401, "UNAUTHORIZED", Www_Authenticate="Negotiate"))
    with pytest.raises(AuthenticationFailed, match="negotiate"):
        client_of(server, username=USER, password=PASSWORD).tags("app")


def test_a_refusal_is_told_apart_from_an_absence(serve, client_of):
    server = serve(lambda seen: errors(403, "DENIED"))
    with pytest.raises(AuthenticationFailed, match=r"403 \(DENIED\)"):
        client_of(server).get_manifest("app", "v1")
    assert len(server.requests) == 1
