# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""References, repository names and digests: parsed strictly, errors that name the culprit."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.digest import matches, parse_digest, sha256_of
from ansible.module_utils.oci_registry.errors import BadInput
from ansible.module_utils.oci_registry.reference import is_repository, parse_reference

DIGEST = sha256_of(b"x")


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("infra-ci", "", "infra-ci", "latest", None),
        ("infra-ci:v1", "", "infra-ci", "v1", None),
        ("a/b/c:v1", "", "a/b/c", "v1", None),
        (f"a/b@{DIGEST}", "", "a/b", None, DIGEST),
        (f"a/b:v1@{DIGEST}", "", "a/b", "v1", DIGEST),
        ("registry.example.com/app:v1", "registry.example.com", "app", "v1", None),
        ("registry.example.com:5050/team/app", "registry.example.com:5050", "team/app", "latest", None),
        ("localhost/app", "localhost", "app", "latest", None),
        ("[::1]:5000/app:v1", "[::1]:5000", "app", "v1", None),
    ],
)
def test_every_form_of_a_reference(text, registry, repository, tag, digest):
    assert parse_reference(text) == (registry, repository, tag, digest)


def test_a_first_component_with_a_dot_is_a_repository_when_the_registry_is_known():
    assert parse_reference("my.team/app:v1", "registry.example.com") == ("", "my.team/app", "v1", None)
    assert parse_reference("registry.example.com/app", "registry.example.com").registry == "registry.example.com"


@pytest.mark.parametrize(
    "text",
    ["", "UPPER", "a//b", "../etc", "a:b c", "a:" + "t" * 129, "a@sha256:../../etc/passwd", "https://host/app", "a/" * 200 + "b"],
)
def test_a_bad_reference_is_one_clear_error(text):
    with pytest.raises(BadInput) as error:
        parse_reference(text)
    assert str(error.value)


def test_repository_names_have_the_length_limit_of_distribution():
    assert is_repository("a" * 255)
    assert not is_repository("a" * 256)


@pytest.mark.parametrize(
    "text", ["sha256:" + "a" * 63, "sha256:" + "A" * 64, "md5:" + "a" * 32, "sha256:" + "a" * 64 + "\n", "", None, 7]
)
def test_what_is_no_digest(text):
    with pytest.raises(BadInput):
        parse_digest(text)


def test_bytes_are_held_against_their_digest():
    assert matches(DIGEST, b"x")
    assert not matches(DIGEST, b"y")
