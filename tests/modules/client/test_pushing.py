# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Writing to real registries: unconditional, byte for byte, and repeated only where nothing can have happened."""

from __future__ import annotations

import io
import os

import pytest
from ansible.module_utils.oci_registry.client import Pusher, error_codes
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.errors import BadInput, ProtocolError, RegistryUnavailable, Unreachable
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import blob_path
from ansible.module_utils.registry_lab.push import push

from modules.client.scripted import Cut, answer

CONTENT = b"some bytes"
DIGEST = sha256_of(CONTENT)


class Pipe(io.RawIOBase):
    """A stream that cannot seek."""

    def __init__(self, content: bytes) -> None:
        self._source = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)


def upload(client, content=CONTENT, digest=DIGEST, stream=None):
    return Pusher(client).upload_blob("app", digest, stream or io.BytesIO(content), len(content))


def test_a_whole_image(registry, client_of):
    made, image = registry(), images.image("one", layers=[images.layer("big", 3_000_000)])
    client = client_of(made)
    pusher = Pusher(client)
    for blob in image.blobs:
        assert pusher.upload_blob("app", blob.digest, Pipe(blob.content), len(blob.content)).status == 201
    assert pusher.put_manifest("app", "v1", image.content, image.media_type).status == 201
    assert client.requests == 2 * len(image.blobs) + 1
    assert client.get_manifest("app", "v1").body == image.content
    with open(blob_path(made.root, image.blobs[1].digest), "rb") as file:
        assert file.read() == image.blobs[1].content


def test_an_empty_blob(registry, client_of):
    client = client_of(registry())
    assert upload(client, b"", sha256_of(b"")).status == 201
    assert client.head_blob("app", sha256_of(b"")).length == 0


def test_a_stream_is_read_from_where_it_stands(registry, client_of):
    stream = io.BytesIO(b"header " + CONTENT + b" trailer")
    stream.seek(7)
    assert upload(client_of(registry()), stream=stream).status == 201


def test_wrong_bytes_are_refused_by_the_registry(registry, client_of):
    found = upload(client_of(registry()), b"other bytes")
    assert (found.status, error_codes(found)) == (400, ("DIGEST_INVALID",))


def test_a_stream_that_ends_early_leaves_nothing(any_registry, client_of):
    made = any_registry()
    client = client_of(made)
    with pytest.raises(BadInput, match="5 bytes short of its 10"):
        upload(client, stream=io.BytesIO(CONTENT[:5]))
    assert client.head_blob("app", DIGEST).status == 404


def test_an_upload_writes_what_a_stale_cache_believes_to_be_there(registry, client_of):
    made = registry(cache=True)
    blob = images.layer("one")
    push(made, "app", "v1", images.image("one", layers=[blob]))
    os.unlink(blob_path(made.root, blob.digest))
    client = client_of(made)
    assert client.head_blob("app", blob.digest).status == 200
    assert upload(client, blob.content, blob.digest).status == 201
    assert client.get_blob("app", blob.digest, lambda piece: None).complete


def test_a_mount_from_another_repository(registry, client_of):
    made, image = registry(), images.image("one")
    push(made, "source", "v1", image)
    client = client_of(made)
    digest = image.blobs[0].digest
    assert Pusher(client).mount_blob("target", digest, "source").status == 201
    assert client.head_blob("target", digest).status == 200


def test_a_mount_that_does_not_happen_leaves_no_upload_behind(registry, client_of):
    made = registry()
    client = client_of(made)
    assert Pusher(client).mount_blob("target", DIGEST, "source").status == 202
    left = [name for _folder, _folders, names in os.walk(os.path.join(made.root, "docker")) for name in names]
    assert set(left) <= {"0"}  # a hash state, which registries forget when an upload is cancelled


def test_a_manifest_whose_blobs_are_missing_is_refused(registry, client_of):
    image = images.image("one")
    found = Pusher(client_of(registry())).put_manifest("app", "v1", image.content, image.media_type)
    assert found.status == 400
    assert set(error_codes(found)) == {"MANIFEST_BLOB_UNKNOWN"}


def test_a_registry_that_is_read_only(registry, client_of):
    made = registry(extra={"storage": {"maintenance": {"readonly": {"enabled": True}}}})
    assert upload(client_of(made)).status == 405


def accepting(location):
    """A registry that begins uploads at ``location`` and completes them."""

    def script(seen):
        place = location.format(host=seen.headers["host"])
        return answer(202, Location=place) if seen.method == "POST" else answer(201)

    return script


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v2/app/blobs/uploads/1?_state=a%3D", f"/v2/app/blobs/uploads/1?_state=a%3D&digest={DIGEST.replace(':', '%3A')}"),
        ("http://{host}/v2/app/blobs/uploads/1", f"/v2/app/blobs/uploads/1?digest={DIGEST.replace(':', '%3A')}"),
        ("https://127.0.0.1/v2/app/blobs/uploads/1", f"/v2/app/blobs/uploads/1?digest={DIGEST.replace(':', '%3A')}"),
    ],
)
def test_an_upload_goes_on_where_its_location_says(serve, client_of, location, target):
    server = serve(accepting(location))
    assert upload(client_of(server)).status == 201
    assert [(seen.method, seen.target, seen.body) for seen in server.requests] == [
        ("POST", "/v2/app/blobs/uploads/", b""),
        ("PUT", target, CONTENT),
    ]


@pytest.mark.parametrize(
    "location", ["https://elsewhere.example.com/v2/app/blobs/uploads/1", "/elsewhere", "", "ftp://127.0.0.1/v2/"]
)
def test_an_upload_never_goes_elsewhere(serve, client_of, location):
    server = serve(accepting(location))
    with pytest.raises(ProtocolError, match="sends the upload to"):
        upload(client_of(server))
    assert [seen.method for seen in server.requests] == ["POST"]


def in_turn(*replies):
    """A script: these replies in turn."""
    upcoming = iter(replies)
    return lambda seen: next(upcoming)


def test_a_write_that_is_asked_to_wait_is_repeated_whole(serve, client_of):
    begun = answer(202, Location="/v2/app/blobs/uploads/1")
    server = serve(in_turn(answer(429, Retry_After=0), begun, answer(503, Retry_After=0), answer(201)))
    assert upload(client_of(server)).status == 201
    assert [seen.body for seen in server.requests if seen.method == "PUT"] == [CONTENT, CONTENT]


def test_a_stream_that_cannot_seek_is_sent_once(serve, client_of):
    server = serve(in_turn(answer(202, Location="/v2/app/blobs/uploads/1"), answer(503, Retry_After=0)))
    with pytest.raises(RegistryUnavailable):
        upload(client_of(server), stream=Pipe(CONTENT))


@pytest.mark.parametrize(
    ("reply", "error"), [(answer(503), RegistryUnavailable), (answer(502), RegistryUnavailable), (Cut(b""), Unreachable)]
)
def test_a_write_that_may_have_been_done_is_not_repeated(serve, client_of, reply, error):
    server = serve(lambda seen: reply)
    with pytest.raises(error):
        Pusher(client_of(server)).put_manifest("app", "v1", b"{}", "application/json")
    assert len(server.requests) == 1


def test_a_kept_connection_that_was_closed_meanwhile_does_not_spoil_a_write(serve, client_of):
    server = serve(lambda seen: answer(201))
    pusher = Pusher(client_of(server))
    assert pusher.put_manifest("app", "v1", b"{}", "application/json").status == 201
    server.end_connections()
    assert pusher.put_manifest("app", "v1", b"{}", "application/json").status == 201
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_refusal_in_the_middle_of_an_upload_is_heard(serve, client_of):
    size = 1 << 26  # more than the sockets hold, and more than the server reads
    server = serve(in_turn(answer(202, Location="/v2/app/blobs/uploads/1"), Cut(answer(413))))
    found = Pusher(client_of(server)).upload_blob("app", DIGEST, io.BytesIO(bytes(size)), size)
    assert found.status == 413
