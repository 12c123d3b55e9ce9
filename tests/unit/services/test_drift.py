# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What counts as drift from a pin, and what is said of it."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.services.drift import compare
from ansible.module_utils.oci_registry.services.facts import Container, Service

PIN, ID = "registry:2.8.3", "sha256:two"
SERVICE = Service("registry-private", PIN, None, None, {}, ())
RUNNING = Container("c", PIN, ID, "running", "", 0, 0, ())

CASES = {
    "pinned": (SERVICE, RUNNING, ID, ()),
    "another image in the file": (SERVICE._replace(image="registry:2"), RUNNING, ID, ("the compose file says registry:2",)),
    "built, without an image": (SERVICE._replace(image=""), RUNNING, ID, ("the compose file says no image",)),
    "another image runs": (SERVICE, RUNNING._replace(image="registry:2"), ID, ("it runs registry:2",)),
    "the tag moved": (SERVICE, RUNNING, "sha256:newer", (f"it runs what {PIN} was before",)),
    "the tag is gone": (SERVICE, RUNNING, "", (f"it runs what {PIN} was, which is not on this machine any more",)),
    "nothing runs": (SERVICE, RUNNING._replace(status="exited"), ID, ("it is exited",)),
    "it keeps ending": (SERVICE, RUNNING._replace(status="restarting"), ID, ("it is restarting",)),
    "no container": (SERVICE, None, ID, ("it has no container",)),
    "no container, and another image": (
        SERVICE._replace(image="registry:2"),
        None,
        ID,
        ("the compose file says registry:2", "it has no container"),
    ),
}


@pytest.mark.parametrize(("service", "container", "image_id", "reasons"), CASES.values(), ids=CASES)
def test_what_is_drift(service, container, image_id, reasons):
    found = compare(service, container, PIN, image_id)
    assert (found.reasons, found.drifts) == (reasons, bool(reasons))
    assert (found.image, found.running) == (service.image, container.image if container else "")
