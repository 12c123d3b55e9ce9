# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What cases and other tests want: services, match, image, allow_floating, env (text of .env), process (variables), refused."""

from __future__ import annotations

from ansible.module_utils.compose_file.environment import parse_environment
from ansible.module_utils.compose_file.images import parse_wanted
from ansible.module_utils.compose_file.plan import Plan, Request, plan_images
from ansible.module_utils.yaml_file.document import read_document

PATH = "/project/compose.yml"
IMAGE = "registry:2.8.3"


def planned(content: bytes, wanted: dict) -> Plan:
    """The plan for a file that holds ``content``."""
    environment = parse_environment("/project/.env", wanted.get("env", ""), wanted.get("process", {}))
    image = parse_wanted(wanted.get("image", IMAGE))
    request = Request(wanted.get("services", []), wanted.get("match"), image, wanted.get("allow_floating", []))
    return plan_images(read_document(PATH, content), [], environment, request)
