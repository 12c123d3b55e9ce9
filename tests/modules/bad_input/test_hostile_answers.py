# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Registries that lie, and manifests that were made to hurt: each is a finding or one error, never a crash, and costs little."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk

from modules.client.scripted import Seen, answer, errors

ESCAPE = "sha256:../../../../etc/passwd"
LIE = images.layer("lie")


def serving_manifests(manifests, **headers):
    """One repository ``app``; ``manifests``: body by tag or digest."""

    def script(seen: Seen):
        path = seen.target.partition("?")[0]
        if path == "/v2/_catalog":
            return answer(200, b'{"repositories":["app"]}')
        if path == "/v2/app/tags/list":
            tags = [name for name in manifests if not name.startswith("sha256:")]
            return answer(200, json.dumps({"name": "app", "tags": tags}).encode())
        body = manifests.get(path.rpartition("/")[2])
        return errors(404, "MANIFEST_UNKNOWN") if body is None else answer(200, body, Content_Type=images.OCI_INDEX, **headers)

    return script


def manifest(**fields):
    """A manifest without blobs, with some fields replaced or added."""
    plain = {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": []}
    return json.dumps({**plain, **fields}).encode()


def only_reads(server):
    """Whether nothing but GET and HEAD came, and nothing that would leave the API."""
    return all(seen.method in ("GET", "HEAD") and ".." not in seen.target for seen in server.requests)


def test_a_descriptor_that_lies_about_the_size(over_http, registry):
    """Too small, too large, and larger than anything that exists: the bytes are what counts, and are not read to be told."""
    made = registry()
    for tag, size in (("small", 1), ("large", len(LIE.content) + 1), ("huge", 1 << 40)):
        config = images.blob(b"{}", images.OCI_CONFIG)
        image = images.manifest(config, [LIE])
        content = image.content.replace(b'"size":%d' % len(LIE.content), b'"size":%d' % size)
        assert content != image.content
        place_on_disk(made.root, "app", tag, image._replace(content=content, digest=sha256_of(content)))
    outcome = over_http(made.address)
    (finding,) = outcome.report["findings"]
    assert (outcome.status, finding["code"], finding["digest"]) == (1, "blob-truncated", LIE.digest)
    assert finding["tags"] == ["huge", "large", "small"]


@pytest.mark.parametrize("size", [-1, 1 << 60, 1.5, "12", True, None])
def test_a_size_that_is_none(over_http, serve, size):
    body = manifest(manifests=[{"digest": sha256_of(b""), "size": size, "mediaType": images.OCI_MANIFEST}])
    server = serve(serving_manifests({"v1": body}))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.codes()) == (1, ["manifest-invalid"])


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000], ids=["lists", "objects"])
def test_json_that_nests_without_end(over_http, serve, body):
    server = serve(serving_manifests({"v1": body}))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.codes()) == (1, ["manifest-invalid"])
    listing = serve(lambda _seen: answer(200, body))
    outcome = over_http(listing.address)
    assert outcome.status == 2 and "no JSON" in outcome.message


def test_indexes_that_name_each_other(over_http, serve):
    """No index can name one that names it: its digest would have to hold itself. So the bytes are wrong, and nobody follows them."""
    there, back = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    bodies = {
        name: manifest(manifests=[{"digest": other, "size": 300, "mediaType": images.OCI_INDEX}])
        for name, other in ((there, back), (back, there))
    }
    server = serve(serving_manifests({"v1": bodies[there], **bodies}))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.codes()) == (1, ["blob-truncated"])
    assert len(server.requests) < 10


@pytest.mark.parametrize("told", [True, False], ids=["Content-Length", "until closed"])
def test_a_manifest_of_50_megabytes(over_http, serve, told):
    body = manifest(annotations={"padding": "x" * 50_000_000})
    server = serve(serving_manifests({"v1": body}, **({} if told else {"Content_Length": None, "Connection": "close"})))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.codes()) == (1, ["manifest-invalid"])
    assert "4194304" in outcome.report["findings"][0]["detail"]
    assert outcome.report["summary"]["bytes_received"] < 10_000_000


def test_a_manifest_of_50_megabytes_in_a_real_store(over_http, registry):
    made = registry()
    image = images.image("one")
    content = image.content[:-1] + b',"padding":"' + b"x" * 50_000_000 + b'"}'
    place_on_disk(made.root, "app", "v1", image._replace(content=content, digest=sha256_of(content)))
    assert over_http(made.address).codes() == ["tag-dangling"]


@pytest.mark.parametrize("field", ["manifests", "config", "layers", "subject"])
def test_digests_that_are_paths(over_http, serve, field):
    descriptor = {"digest": ESCAPE, "size": 2, "mediaType": images.OCI_CONFIG}
    sound = {"digest": sha256_of(b"{}"), "size": 2, "mediaType": images.OCI_CONFIG}
    fields = {"mediaType": images.OCI_MANIFEST, "config": sound, "layers": [], "manifests": None}
    fields[field] = [descriptor] if field in ("manifests", "layers") else descriptor
    if field == "manifests":
        fields["mediaType"] = images.OCI_INDEX
    server = serve(serving_manifests({"v1": manifest(**fields)}))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.codes()) == (1, ["manifest-invalid"])
    assert only_reads(server)


def test_a_header_that_names_a_path(over_http, serve):
    server = serve(serving_manifests({"v1": manifest()}, Docker_Content_Digest=ESCAPE))
    assert over_http(server.address).status == 0
    assert only_reads(server)


def test_a_header_that_names_another_digest(over_http, serve):
    server = serve(serving_manifests({"v1": manifest()}, Docker_Content_Digest=sha256_of(b"another")))
    assert over_http(server.address).codes() == ["blob-corrupt"]


def test_names_that_are_paths(over_http, serve):
    """Named, and never asked for; what stands beside them is looked at all the same."""
    script = serving_manifests({"v1": manifest(), "../../etc": manifest()})
    catalog = answer(200, b'{"repositories":["../../etc","app"]}')
    server = serve(lambda seen: catalog if seen.target == "/v2/_catalog" else script(seen))
    outcome = over_http(server.address)
    assert (outcome.status, outcome.report["summary"]["tags"]) == (0, 1)
    told = "\n".join(outcome.report["caveats"])
    assert "'../../etc', which is no repository name" in told and "lists among its tags '../../etc'" in told
    assert only_reads(server)


def test_what_a_terminal_would_obey(over_http, serve):
    """Escape sequences and lone surrogates, in whatever is printed."""
    platform = {"os": "\x1b[2J\ud800", "architecture": "a\nb"}
    child = {"digest": sha256_of(b"gone"), "size": 2, "mediaType": images.OCI_MANIFEST, "platform": platform}
    server = serve(serving_manifests({"v1": manifest(manifests=[child])}))
    (finding,) = over_http(server.address).report["findings"]
    assert finding["platform"] == "?[2J?/a?b"
