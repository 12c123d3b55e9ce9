#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: prove that each port of a machine answers as its own registry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_front_info
short_description: Prove that each port of a machine with several registries answers as its own registry
version_added: "0.1.0"
description:
  - A proxy in front of several registries may lead to the wrong one, or to none, after one of them got another address. This asks every port,
    and compares what it lists with the stores on disk.
  - With O(compose_path), each request is also looked for in the registries' own logs, which tells even empty registries apart.
  - Asks only for what a registry answers from its own store, so a pull-through cache fetches nothing. Reads only.
  - What is wrong is no failure of this module, look at RV(healthy); it fails only when it could not look.
options:
  registries:
    description: The registries of the machine, those without an address too, since their stores tell the others apart.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name in the result.
        type: str
        required: true
      address:
        description: Its port as clients reach it, as C(host:port). Without it, it is not asked.
        type: str
        default: ""
      scheme:
        description: Scheme of that port.
        type: str
        choices: [https, http]
        default: https
      ca_path:
        description: File with the certificates, in PEM, that sign the port's. Without it, the system's store is used.
        type: path
      validate_certs:
        description: Whether the certificate must be valid for its name.
        type: bool
        default: true
      username:
        description: User for the catalog.
        type: str
      password:
        description: Password of the user.
        type: str
      requires_auth:
        description: Whether 401 is due without credentials. If it is, 200 is a finding; if it is not, 401 is one.
        type: bool
        default: false
      store_path:
        description: The C(rootdirectory) of its store on this host.
        type: path
      service:
        description: Its compose service.
        type: str
        default: ""
  compose_path:
    description: The compose file of the services. Without it, or without a service, logs are not looked at.
    type: path
  before:
    description: RV(ports) of an earlier run. A port whose store is not on this host must not list nothing if it listed something then.
    type: list
    elements: dict
    default: []
  wait:
    description: How long to ask again while something is wrong, in seconds; for a proxy that was just restarted.
    type: float
    default: 0.0
  timeout:
    description: How long to wait for each answer, in seconds.
    type: float
    default: 10.0
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_host_info
"""

EXAMPLES = r"""
- name: Does every port lead to its own registry?
  registry_front_info:
    compose_path: /opt/registry/docker-compose.yml
    registries:
      - name: registry-dockerhub
        address: registry.example.com:5000
        scheme: http
        service: registry-dockerhub
        store_path: /opt/registry/data/dockerhub
      - name: registry-private
        address: registry.example.com:5050
        ca_path: /opt/registry/tls/ca.pem
        username: runbooks
        password: "{{ vault_registry_password }}"
        requires_auth: true
        service: registry-private
        store_path: /opt/registry/data/private
  register: front
  failed_when: front is failed or not front.healthy
"""

RETURN = r"""
healthy:
  description: Whether nothing is wrong at any port.
  returned: success
  type: bool
findings:
  description: What is wrong. C(docs/runbooks/registry-vm.md) explains the codes.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: One of front-unreachable, front-not-a-registry, front-open, front-closed, front-other-registry, front-unknown-content,
        front-empty, front-incomplete.
      type: str
    severity: {description: Always V(critical)., type: str}
    registry: {description: Its name., type: str}
    address: {description: Its port., type: str}
    detail: {description: What was seen., type: str}
    other: {description: The registry that answers in its place, where that is known., type: str}
ports:
  description: What each port answered.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The registry., type: str}
    address: {description: Its port., type: str}
    status: {description: Status of C(GET /v2/) without credentials; 0 where nothing answered., type: int}
    catalog: {description: The repositories that it lists; null where that could not be had., type: list, elements: str}
    codes: {description: Codes of what is wrong., type: list, elements: str}
    proof:
      description: What proves that it is its own registry. V(log) or V(catalog); empty where something is wrong, or nothing proves it.
      type: str
caveats:
  description: What could not be proven.
  returned: success
  type: list
  elements: str
code:
  description: Stable name of the error, one of bad-input, engine, store-unreadable.
  returned: on failure
  type: str
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.oci_registry.client import Settings
from ansible.module_utils.oci_registry.errors import RegistryError
from ansible.module_utils.oci_registry.front import Port, examine
from ansible.module_utils.oci_registry.services.engine import Engine
from ansible.module_utils.oci_registry.services.project import Project
from ansible.module_utils.registry_services.trace import arrivals


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    registry = {
        "name": {"type": "str", "required": True},
        "address": {"type": "str", "default": ""},
        "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "requires_auth": {"type": "bool", "default": False},
        "store_path": {"type": "path"},
        "service": {"type": "str", "default": ""},
    }
    return {
        "registries": {"type": "list", "elements": "dict", "required": True, "options": registry},
        "compose_path": {"type": "path"},
        "before": {"type": "list", "elements": "dict", "default": []},
        "wait": {"type": "float", "default": 0.0},
        "timeout": {"type": "float", "default": 10.0},
    }


def port_from(given: dict, timeout: float) -> Port:
    """One registry from its options."""
    access = {name: given[name] or None for name in ("username", "password", "ca_path")}
    checks = {name: given[name] for name in ("scheme", "validate_certs")}
    settings = Settings(given["address"], timeout=timeout, **access, **checks) if given["address"] else None
    return Port(given["name"], settings, given["requires_auth"], given["store_path"] or "", given["service"])


def nothing(_marks: dict) -> dict:
    """What logs tell where none are looked at."""
    return {}


def observe(params: dict) -> dict:
    """Ask every port. Raises RegistryError where that is not possible."""
    ports = [port_from(given, params["timeout"]) for given in params["registries"]]
    services = {port.name: port.service for port in ports if port.service}
    trace = nothing
    if params["compose_path"] and services:
        trace = partial(arrivals, Project(Engine(params["compose_path"])), services)
    before = {port["name"]: len(port["catalog"] or []) for port in params["before"]}
    return examine(ports, trace, before, params["wait"]).as_dict()


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = observe(module.params)
    except RegistryError as error:
        module.fail_json(msg=str(error), code=error.code)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
