# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the scan believes a registry can read as a manifest, held against what each registry really serves."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from ansible.module_utils.oci_registry.model import ACCEPT, DOCKER_LIST, MAX_MANIFEST_BYTES, OCI_INDEX
from ansible.module_utils.oci_registry.store.accepts import accepts
from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.binaries import version_of
from ansible.module_utils.registry_lab.place import blob_path, revision_path
from ansible.module_utils.registry_lab.process import RegistryProcess

DIGEST = "sha256:" + "a" * 64


def _image(**fields: Any) -> bytes:
    document = {"schemaVersion": 2, "config": {"digest": DIGEST, "size": 2}, "layers": [{"digest": DIGEST, "size": 3}], **fields}
    return json.dumps(document).encode()


def _index(**child: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": [{"digest": DIGEST, "size": 2, **child}]}).encode()


CASES = (
    b"", b"null", b"[]", b"{}", b'"text"', b"\xef\xbb\xbf{}", b'{"schemaVersion":2}', b'{"schemaVersion":2}\n', b'{"schemaVersion":2} x',
    b'{"schemaVersion":NaN}', b'{"schemaVersion":2.0}', b'{"schemaVersion":2e0}', b'{"schemaVersion":"2"}', b'{"schemaVersion":3}',
    b'{"schemaVersion":null}', b'{"SCHEMAVERSION":2}', b'{"schemaVersion":2,"schemaVersion":3}', b'{"schemaVersion":3,"schemaVersion":2}',
    b'{"schemaVersion":1}', b'{"schemaVersion":2,"manifests":null}', b'{"schemaVersion":2,"manifests":[]}', b'{"schemaVersion":2,"x":"\xff"}',
    b'{"schemaVersion":2,"x":"a\tb"}', b'{"schemaVersion":2,"x":"\\q"}', b'{"schemaVersion":02}', b"{'schemaVersion':2}",
    _image(), _image(mediaType="unknown"), _image(mediaType=7), _image(mediaType=OCI_INDEX), _image(mediaType=DOCKER_LIST),
    _image(config="text"), _image(config=None), _image(config={"size": "2"}), _image(config={"size": 1.5}), _image(config={"size": -1}),
    _image(config={"size": 1 << 63}), _image(config={"digest": 7}), _image(config={"digest": "nonsense"}), _image(layers={}),
    _image(layers=[None]), _image(layers=["text"]), _image(layers=[{"urls": "text"}]), _image(layers=[{"urls": [7]}]),
    _image(layers=[{"annotations": {"a": 7}}]), _image(annotations={"a": 7}), _image(annotations={"a": None}), _image(annotations=[]),
    _image(config={"data": base64.b64encode(b"{}").decode()}), _image(config={"data": "{}"}), _image(config={"artifactType": 7}),
    _image(config={"platform": "linux"}), _image(config={"platform": {"os": 7}}), _image(config={"platform": {"features": 7}}),
    _index(), _index(platform="linux"), _index(platform={"os": 7}), _index(platform={"os.features": "x"}), _index(platform={"features": 7}),
    _index(platform={"Variant": 7}), _index(size="2"), b'{"schemaVersion":2,"manifests":{}}', b'{"schemaVersion":2,"manifests":[7]}',
    b'{"schemaVersion":2}' + b" " * (MAX_MANIFEST_BYTES - 19), b'{"schemaVersion":2}' + b" " * (MAX_MANIFEST_BYTES - 18),
)  # fmt: skip


def _mutants(count: int) -> list[bytes]:
    """Healthy manifests of every kind with one byte changed, taken out or put in."""
    chance = random.Random(count)
    made = images.index([images.image("a", images.AMD64, [images.layer("a"), images.foreign_layer("f")])])
    docker = images.index([images.image("b", images.AMD64, [images.layer("b")], docker=True)], DOCKER_LIST)
    bare = images.index([images.image("c", images.AMD64, [images.layer("c")])], written=False)
    healthy = [manifest.content for image in (made, docker, bare) for manifest in image.manifests()]
    return [_mutant(chance, chance.choice(healthy)) for _number in range(count)]


def _mutant(chance: random.Random, content: bytes) -> bytes:
    place = chance.randrange(len(content))
    new = bytes([chance.choice([content[place] ^ (1 << chance.randrange(8)), chance.randrange(256)])])
    return content[:place] + chance.choice([new, b"", new + content[place : place + 1]]) + content[place + 1 :]


def _status(connection: HTTPConnection, digest: str) -> int:
    try:
        connection.request("GET", f"/v2/app/manifests/{digest}", headers={"Accept": ", ".join(ACCEPT)})
        answer = connection.getresponse()
        answer.read()
    except ConnectionError:  # 2.8 panics over an index without mediaType that it cannot read, and hangs up
        connection.close()
        return 500
    return answer.status


def _write(path: str, content: bytes) -> None:
    Path(path).parent.mkdir(parents=True)
    Path(path).write_bytes(content)


def test_every_registry_serves_exactly_what_the_scan_believes(registry: Callable[..., RegistryProcess]) -> None:
    served = registry(cache=False)
    dialect = str(version_of(served.settings.binary)[0])
    contents = {images.digest_of(content): content for content in (*CASES, *_mutants(600))}
    for digest, content in contents.items():
        _write(blob_path(served.root, digest), content)
        _write(revision_path(served.root, "app", digest), digest.encode())
    with closing(HTTPConnection(served.address)) as connection:
        statuses = {digest: _status(connection, digest) for digest in contents}
    wrong = {
        content[:2000]: statuses[digest]
        for digest, content in contents.items()
        if accepts(content, dialect) != (statuses[digest] == 200)
    }
    assert not wrong
    assert set(statuses.values()) == {200, 500}
