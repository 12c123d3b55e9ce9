# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build and what is trusted: whoever is pushed to by what is said of it, whoever base images are of by certificates alone."""

from __future__ import annotations

import pytest

from plugins.builders import DOCKERFILE, PASSWORD, USER, make_source

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]


def test_certificates_hold_for_the_registry_and_for_base_images(a_builder, any_registry, site, image_build):
    registry = any_registry(htpasswd=(USER, PASSWORD, 4), tls=True)
    options = {"scheme": "https", "ca_path": registry.ca_path}
    base = image_build(**site.options(image=f"{registry.address}/base", **options))
    assert (base.get("code"), base["builder"], len(base["platforms"])) == (None, a_builder, 1), base
    make_source(site.source, "x\n", DOCKERFILE.replace("scratch", f"{registry.address}/base:manual"))
    done = image_build(**site.options(image=f"{registry.address}/app", **options))
    assert (done.get("code"), done["digest"] != base["digest"]) == (None, True), done


def test_a_registry_that_is_not_to_be_checked(a_builder, any_registry, site, image_build):
    registry = any_registry(htpasswd=(USER, PASSWORD, 4), tls=True)
    done = image_build(**site.options(image=f"{registry.address}/app", scheme="https", ca_path=None, validate_certs=False))
    assert (done.get("code"), done["builder"]) == (None, a_builder), done


@pytest.mark.parametrize(("tls", "said"), [(True, "x509"), (False, "HTTP response to HTTPS client")])
def test_base_images_are_checked_whatever_is_said_of_the_registry(a_builder, any_registry, site, image_build, tls, said):
    """It speaks http, which the registry of the base image must not be believed to do."""
    other = any_registry(tls=tls)
    make_source(site.source, "x\n", DOCKERFILE.replace("scratch", f"{other.address}/base:manual"))
    refused = image_build(**site.options())
    assert (refused.get("code"), said in str(refused["log"])) == ("build-failed", True), refused
