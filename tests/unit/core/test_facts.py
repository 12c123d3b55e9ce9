# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What one HTTP answer tells: the table of what registries answer, a row each."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.client import Answer
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.model import Descriptor
from ansible.module_utils.oci_registry.walk.facts import head_facts, manifest_facts, range_facts, whole_facts

INDEX = b'{"schemaVersion":2,"manifests":[]}'
DIGEST, OTHER = sha256_of(INDEX), sha256_of(b"other")
BLOB = Descriptor(OTHER, 10)


def answer(status, body=b"", *, complete=True, received=None, length=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status, named, body, complete, len(body) if length is None else length, len(body) if received is None else received
    )


def error(status, code, message="", detail=""):
    return answer(status, f'{{"errors":[{{"code":"{code}","message":"{message}","detail":{detail or "{}"}}}]}}'.encode())


UNKNOWN_REVISION_2 = error(404, "MANIFEST_UNKNOWN", detail=f'{{"Name":"app","Revision":"{OTHER}"}}')
UNKNOWN_REVISION_3 = error(404, "MANIFEST_UNKNOWN", detail=f'"unknown manifest name=app revision={OTHER}"')


@pytest.mark.parametrize(
    ("given", "digest", "symptom", "legacy"),
    [
        (answer(200, INDEX), DIGEST, None, False),
        (answer(200, INDEX, docker_content_digest=DIGEST), DIGEST, None, False),
        (answer(200, INDEX, docker_content_digest="sha256:../../etc/passwd"), DIGEST, None, False),
        (answer(200, INDEX, docker_content_digest=OTHER), OTHER, "corrupt", False),
        (answer(200, INDEX[:9], complete=False, length=len(INDEX)), sha256_of(INDEX[:9]), "missing", False),
        (answer(200, b"no JSON"), sha256_of(b"no JSON"), "invalid", False),
        (answer(200, b""), sha256_of(b""), "invalid", False),
        (answer(200, b'{"schemaVersion":1,"signatures":[]}', docker_content_digest=OTHER), OTHER, None, True),
        (error(404, "MANIFEST_UNKNOWN", detail='{"Tag":"v1"}'), "", "missing", False),
        (UNKNOWN_REVISION_2, OTHER, "missing", False),
        (UNKNOWN_REVISION_3, OTHER, "missing", False),
        (error(500, "UNKNOWN"), "", "missing", False),
        (error(500, "UNKNOWN", "unrecognized manifest schema version 1"), "", None, True),
        (error(500, "UNKNOWN", "unrecognized manifest schema version 12"), "", "missing", False),
        (error(400, "MANIFEST_INVALID", "Schema 1 manifest not supported"), "", None, True),
    ],
)
def test_a_manifest_asked_for_by_tag(given, digest, symptom, legacy):
    facts = manifest_facts(given, "v1")
    assert (facts.digest, facts.fault and facts.fault.symptom, facts.legacy) == (digest, symptom, legacy)
    assert (facts.manifest is None) == (symptom is not None or legacy)


def test_a_manifest_asked_for_by_digest_is_held_to_that_digest():
    assert manifest_facts(answer(200, INDEX, docker_content_digest=OTHER), DIGEST).fault is None
    assert manifest_facts(answer(200, INDEX, docker_content_digest=OTHER), OTHER).fault.symptom == "corrupt"


@pytest.mark.parametrize(
    ("given", "size", "symptom", "state"),
    [
        (answer(206, b"x", content_range="bytes 9-9/10"), 10, None, None),
        (answer(206, b"x", content_range="bytes 9-9/12"), 12, None, None),
        (answer(206, b"", content_range="bytes 9-9/10", complete=False, length=1), None, "missing", "stale-cache"),
        (answer(206, b"x", content_range="bytes 9-9/*"), None, "corrupt", "unknown"),
        (answer(206, b"x"), None, "corrupt", "unknown"),
        (answer(416, content_range="bytes */0"), 0, None, None),
        (answer(416, content_range="bytes */4"), 4, None, None),
        (answer(416), None, "corrupt", "unknown"),
        (answer(200, received=0, length=0), 0, None, None),
        (answer(200, received=10, length=10), 10, None, None),
        (answer(200, received=11, length=500, complete=False), 500, None, None),
        (answer(200, received=0, length=10, complete=False), None, "missing", "stale-cache"),
        (error(404, "BLOB_UNKNOWN"), None, "missing", "unknown"),
        (error(500, "UNKNOWN"), None, "missing", "unknown"),
    ],
)
def test_the_last_byte_of_a_blob(given, size, symptom, state):
    facts = range_facts(given, BLOB)
    assert (facts.size, facts.fault and facts.fault.symptom, facts.fault and facts.fault.state) == (size, symptom, state)


def test_a_blob_of_no_bytes():
    """2.8.2 answers 416 to any range of it, others ignore the range."""
    empty = Descriptor(sha256_of(b""), 0)
    assert range_facts(answer(416, content_range="bytes */0"), empty).size == 0
    assert range_facts(answer(200), empty).size == 0
    assert range_facts(answer(206, b"x", content_range="bytes 0-0/7"), empty).size == 7


def test_a_whole_blob_and_a_promise_of_one():
    assert whole_facts(answer(200, received=10, length=10), BLOB).size == 10
    assert whole_facts(answer(200, received=3, length=10, complete=False), BLOB).fault.state == "stale-cache"
    assert head_facts(answer(200, length=10)).size == 10
    assert head_facts(error(404, "BLOB_UNKNOWN")).fault.detail == "answers 404 (BLOB_UNKNOWN)"
