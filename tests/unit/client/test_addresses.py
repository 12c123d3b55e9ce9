# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Addresses: parsed strictly, resolved like links, and shown without what they keep secret."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.client.listing import next_link
from ansible.module_utils.oci_registry.client.origin import Origin, origin_of, resolve, split_url
from ansible.module_utils.oci_registry.client.redact import shown, where
from ansible.module_utils.oci_registry.client.redirect import next_place
from ansible.module_utils.oci_registry.errors import ProtocolError, TLSFailure

HERE = Origin("https", "registry.example.com", 5000)


@pytest.mark.parametrize(
    ("scheme", "registry", "origin", "netloc"),
    [
        ("https", "Registry.Example.com", ("https", "registry.example.com", 443), "registry.example.com"),
        ("http", "127.0.0.1:5000", ("http", "127.0.0.1", 5000), "127.0.0.1:5000"),
        ("http", "host:80", ("http", "host", 80), "host"),
        ("https", "[::1]:5000", ("https", "::1", 5000), "[::1]:5000"),
    ],
)
def test_an_origin_of_a_registry(scheme, registry, origin, netloc):
    assert origin_of(scheme, registry) == origin
    assert origin_of(scheme, registry).netloc == netloc


@pytest.mark.parametrize(
    ("location", "origin", "target"),
    [
        ("/v2/_catalog?last=b&n=2", HERE, "/v2/_catalog?last=b&n=2"),
        ("?last=b", HERE, "/v2/_catalog?last=b"),
        ("https://registry.example.com:5000/x#part", HERE, "/x"),
        ("//cdn.example.com/x?sig=1", Origin("https", "cdn.example.com", 443), "/x?sig=1"),
        ("http://cdn.example.com", Origin("http", "cdn.example.com", 80), "/"),
    ],
)
def test_where_a_location_leads(location, origin, target):
    assert resolve(HERE, "/v2/_catalog", location) == (origin, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host/x",
        "file:///etc/passwd",
        "https://user:pw@host/x",
        "https:///x",
        "https://host:99999/x",
        "https://h/a b",
        "https://h/\r\nX: y",
        "http://[::1/x",
    ],
)
def test_an_address_that_is_none(url):
    with pytest.raises(ProtocolError):
        split_url(url)


def test_an_address_is_shown_with_known_safe_parameters_only():
    text = shown(HERE, "/bucket/x?X-Amz-Signature=abc123&digest=sha256:00&se\u0074=s3cr3t")
    assert text == "https://registry.example.com:5000/bucket/x?X-Amz-Signature=REDACTED&digest=sha256:00&set=REDACTED"
    assert where(HERE, "/v2/x?_state=abc") == "registry.example.com:5000/v2/x"


def test_a_redirect_never_leaves_tls_and_its_signature_is_not_shown():
    with pytest.raises(ProtocolError) as error:
        next_place(HERE, "/v2/x", "http://cdn.example.com/x?sig=s3cr3t")
    assert "cdn.example.com" in str(error.value)
    assert "s3cr3t" not in str(error.value)


def test_a_redirect_to_the_same_address_over_tls_says_which_scheme_to_set():
    with pytest.raises(TLSFailure, match="scheme to https"):
        next_place(Origin("http", "r.example.com", 80), "/v2/_catalog", "https://r.example.com/v2/_catalog")


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ('</v2/_catalog?last=b&n=2>; rel="next"', "/v2/_catalog?last=b&n=2"),
        ("</x>; rel=next", "/x"),
        ('</p>; rel="prev", </n>; title="a; b"; rel="last next"', "/n"),
        ('</p>; rel="prev"', None),
        ("</x>", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_the_next_page_of_a_link_header(header, address):
    assert next_link(header) == address
