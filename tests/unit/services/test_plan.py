# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a new image changes of a service, and what speaks against it."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.services.facts import Container, Image, Service, version_in
from ansible.module_utils.oci_registry.services.step import step_for
from ansible.module_utils.registry_services.plan import objections

OLD, NEW = "/etc/docker/registry/config.yml", "/etc/distribution/config.yml"
IMAGE_2 = Image("registry:2.8.3", "sha256:two", "2.8.3", ("/entrypoint.sh",), (OLD,), {})
IMAGE_3 = Image("registry:3.1.1", "sha256:three", "3.1.1", ("registry",), ("serve", NEW), {})
SERVICE = Service("registry-private", "registry:2", None, None, {}, ("/var/lib/registry", OLD))
RUNNING = Container("c", "registry:2", "sha256:two", "running", "healthy", 0, 0, ("172.18.0.2",))


@pytest.mark.parametrize(
    ("container", "action"),
    [
        (None, "start"),
        (RUNNING, "recreate"),
        (RUNNING._replace(image="registry:2.8.3"), "keep"),
        (RUNNING._replace(image="registry:2.8.3", image_id="sha256:older"), "recreate"),
        (RUNNING._replace(image="registry:2.8.3", status="exited"), "start"),
        (RUNNING._replace(image="registry:2.8.3", status="restarting"), "start"),
    ],
)
def test_the_step_of_a_service(container, action):
    step = step_for(SERVICE, container, "registry:2.8.3", "sha256:two")
    assert (step.action, step.configured, step.wanted) == (action, "registry:2", "registry:2.8.3")
    assert step.reason


@pytest.mark.parametrize(
    ("service", "image", "objection"),
    [
        (SERVICE, IMAGE_2, ""),
        (SERVICE, IMAGE_3, f"would read {NEW}"),
        (SERVICE._replace(command=("serve", OLD)), IMAGE_3, ""),
        (SERVICE._replace(command=("serve", OLD)), IMAGE_2, ""),
        (SERVICE._replace(command=(OLD,)), IMAGE_2, ""),
        (SERVICE._replace(command=(OLD,)), IMAGE_3, "Put serve in front"),
        (SERVICE._replace(mounts=("/var/lib/registry", NEW)), IMAGE_3, ""),
        (SERVICE._replace(mounts=("/etc/distribution", OLD)), IMAGE_3, ""),
        (SERVICE._replace(mounts=("/var/lib/registry",)), IMAGE_3, ""),  # configured by its environment alone
        (SERVICE._replace(command=("serve",), environment={"REGISTRY_CONFIGURATION_PATH": OLD}), IMAGE_3, ""),
        (SERVICE._replace(entrypoint=("registry", "serve", OLD)), IMAGE_3, ""),
        (SERVICE, IMAGE_3._replace(version=""), "no Distribution registry"),
    ],
)
def test_what_speaks_against_an_image(service, image, objection):
    found = objections(service, image)
    assert len(found) == (1 if objection else 0), found
    assert not objection or objection in found[0]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("registry github.com/docker/distribution v2.8.3\n", "2.8.3"),
        ("/usr/bin/docker-registry github.com/docker/distribution 2.8.2+ds1", "2.8.2"),
        ("registry github.com/distribution/distribution/v3 v3.1.1+unknown", "3.1.1"),
        ("nginx version: nginx/1.22.1", ""),
        ("", ""),
    ],
)
def test_the_version_that_a_program_tells(text, version):
    assert version_in(text) == version
