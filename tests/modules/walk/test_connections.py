# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A whole walk through everything that may stand between: passwords, tokens, TLS, storage elsewhere, a registry that is busy."""

from __future__ import annotations

from ansible.module_utils.oci_registry.client.auth.basic import basic_header
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import Cut, Seen, answer, errors
from modules.client.tokens import TokenService
from modules.walk.front import before, forwarded

CREDENTIALS = {"username": "operator", "password": "pass word"}
INDEX = images.build("one")
LOST = INDEX.children[1].digest


def broken(made):
    """Place an index twice, in a sound repository and in one that lacks a child's link."""
    for repository in ("broken", "sound"):
        place_on_disk(made.root, repository, "v1", INDEX)
    folder = made.root + "/docker/registry/v2/repositories/broken/_manifests/revisions/sha256/"
    with open(folder + LOST.partition(":")[2] + "/link", "w", encoding="ascii"):
        pass
    return made


def names_the_lost_child(report):
    return report.complete and [(item.code, item.repository, item.digest) for item in report.findings] == [
        ("child-missing", "broken", LOST)
    ]


def test_passwords_over_tls(registry, walked):
    made = broken(registry(tls=True, htpasswd=(*CREDENTIALS.values(), 4)))
    assert names_the_lost_child(walked(made, **CREDENTIALS))


def test_tokens_of_a_token_service(registry, walked, serve, tmp_path):
    tokens = TokenService(tmp_path, basic_header(*CREDENTIALS.values()))
    made = broken(registry(extra=tokens.configuration(serve(tokens.script).address)))
    assert names_the_lost_child(walked(made, **CREDENTIALS))


def test_storage_on_another_host_gets_no_credentials(any_registry, walked, serve):
    made = broken(any_registry(htpasswd=(*CREDENTIALS.values(), 4)))
    authorization = basic_header(*CREDENTIALS.values())
    storage = serve(lambda seen: forwarded(made, seen._replace(headers={**seen.headers, "authorization": authorization})))

    def redirect(seen: Seen):
        if "/blobs/" in seen.target and "authorization" in seen.headers:
            return answer(307, Location=f"http://{storage.address}{seen.target}")
        return None

    assert names_the_lost_child(walked(serve(before(made, redirect)), **CREDENTIALS))
    assert len(storage.requests) == 2 * len([item for child in INDEX.children for item in child.blobs]) - _blobs_of_lost()
    assert not [seen for seen in storage.requests if "authorization" in seen.headers]


def _blobs_of_lost() -> int:
    return len(INDEX.children[1].blobs)


def test_a_registry_that_is_busy_now_and_then(any_registry, walked, serve):
    made, asked = broken(any_registry()), set()

    def busy(seen: Seen):
        if seen.target in asked:
            return None
        asked.add(seen.target)
        return errors((429, 503)[len(asked) % 2], "TOOMANYREQUESTS", Retry_After="0")

    report = walked(serve(before(made, busy)))
    assert names_the_lost_child(report)
    assert len(asked) > 20


def test_a_connection_that_breaks_in_a_body_is_no_stale_cache(any_registry, walked, serve):
    """The first answer for each blob ends early; the second is whole."""
    made, asked = broken(any_registry()), set()

    def cut(seen: Seen):
        if "/blobs/" not in seen.target or seen.target in asked:
            return None
        asked.add(seen.target)
        return Cut(answer(206, Content_Length=1, Content_Range="bytes 9-9/10"))

    assert names_the_lost_child(walked(serve(before(made, cut))))
