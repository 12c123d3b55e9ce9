# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Lists of several pages: the Link is followed, whatever form it has, but never elsewhere and never in a circle."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import ProtocolError
from ansible.module_utils.oci_registry.model import OCI_INDEX, OCI_MANIFEST

from modules.client.scripted import answer

DIGESTS = [sha256_of(bytes([number])) for number in range(3)]


def paged(documents, link):
    """A script: these documents, one a page, each with the Link to the next; page 0 is the one without a query."""

    def script(seen):
        number = int(seen.target.partition("page=")[2] or 0)
        following = link(seen.headers["host"], seen.target.partition("?")[0], number + 1)
        return answer(200, json.dumps(documents[number]).encode(), Link=following if number + 1 < len(documents) else None)

    return script


LINKS = {
    "relative": lambda host, path, number: f'<{path}?page={number}>; rel="next"',
    "query": lambda host, path, number: f'<?page={number}>; rel="next"',
    "absolute": lambda host, path, number: f'<http://{host}{path}?page={number}>; rel="next"',
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_pages_of_every_list(serve, client_of, link):
    tags = serve(paged([{"tags": ["a"]}, {"tags": None}, {"tags": ["b", "c"]}], link))
    assert client_of(tags).tags("app") == ["a", "b", "c"]
    assert len(tags.requests) == 3
    catalog = serve(paged([{"repositories": ["a"]}, {"repositories": ["b/c"]}], link))
    assert list(client_of(catalog).repositories()) == ["a", "b/c"]
    assert catalog.requests[0].target == "/v2/_catalog"


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_pages_of_referrers(serve, client_of, link):
    items = [{"digest": digest, "size": 1, "mediaType": OCI_MANIFEST} for digest in DIGESTS]
    pages = [{"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": part} for part in (items[:2], items[2:])]
    server = serve(paged(pages, link))
    assert [found.digest for found in client_of(server).referrers("app", DIGESTS[0])] == DIGESTS


def test_referrers_that_are_none(serve, client_of):
    server = serve(lambda seen: answer(200, b'{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]}'))
    with pytest.raises(ProtocolError, match="no index"):
        client_of(server).referrers("app", DIGESTS[0])


@pytest.mark.parametrize(
    "link",
    [
        '<http://elsewhere.example.com/v2/app/tags/list?page=1>; rel="next"',
        '<https://{host}/v2/app/tags/list?page=1>; rel="next"',
        '</v2/other/tags/list?page=1>; rel="next"',
        '</v2/app/tags/list>; rel="next"',
        '<//user:pw@{host}/v2/app/tags/list?page=1>; rel="next"',
    ],
)
def test_a_link_that_leads_elsewhere_or_back(serve, client_of, link):
    server = serve(lambda seen: answer(200, b'{"tags":["a"]}', Link=link.format(host=seen.headers["host"])))
    with pytest.raises(ProtocolError):
        client_of(server).tags("app")
    assert len(server.requests) == 1
