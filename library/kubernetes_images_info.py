#!/usr/bin/python
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which images the resources of a Kubernetes cluster use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_images_info
short_description: Tell which images resources of Kubernetes use
version_added: "0.4.0"
description:
  - Looks for images of containers, of init and ephemeral containers, and of volumes, in pods and in whatever has a template of pods. Takes the
    digests that really run from the status of pods.
  - Pods and jobs that have ended use nothing any more.
  - Asks no cluster; the resources are given, or read from files.
requirements:
  - PyYAML for files that are no JSON
options:
  answers:
    description: Results of C(kubernetes.core.k8s_info). One that failed, or that knows no such kind, is a problem.
    type: list
    elements: dict
    default: []
  resources:
    description: Further resources, or lists of them.
    type: list
    elements: dict
    default: []
  paths:
    description: Files with manifests, or with what C(kubectl get --output json) wrote; of a folder, all its files C(.yml), C(.yaml) and C(.json).
    type: list
    elements: path
    default: []
  host:
    description: What the cluster is called in RV(uses).
    type: str
    default: kubernetes
extends_documentation_fragment:
  - registry_info_attributes
author: registry-runbooks contributors
seealso:
  - module: registry_impact_info
"""

EXAMPLES = r"""
- name: Ask the cluster
  kubernetes.core.k8s_info:
    kind: Pod
  register: pods

- name: See what it runs, and what the manifests of a checkout would run
  kubernetes_images_info:
    answers: ["{{ pods }}"]
    paths: ["{{ checkout }}/manifests"]
    host: production
"""

RETURN = r"""
uses:
  description: Every image of every resource.
  returned: success
  type: list
  elements: dict
  contains:
    reference: {description: "The image; empty where it cannot be told.", type: str}
    digests: {description: "Digests that a pod runs.", type: list, elements: str}
    kind: {description: "Always V(kubernetes).", type: str}
    host: {description: "O(host).", type: str}
    name: {description: "C(namespace/Kind/name).", type: str, sample: monitoring/CronJob/registry-probe}
    pattern: {description: "Always empty.", type: str}
    detail: {description: "Who owns it, whether it rests, or why its image cannot be told.", type: str}
problems:
  description: Files that could not be read, what the cluster did not answer, and why.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_uses.cluster import told_by
from ansible.module_utils.image_uses.kubernetes import uses_of
from ansible.module_utils.image_uses.manifests import read_manifests


def argument_spec() -> dict:
    """Options as in DOCUMENTATION."""
    return {
        "answers": {"type": "list", "elements": "dict", "default": []},
        "resources": {"type": "list", "elements": "dict", "default": []},
        "paths": {"type": "list", "elements": "path", "default": []},
        "host": {"type": "str", "default": "kubernetes"},
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    cluster = module.params["host"]
    resources, problems = told_by(module.params["answers"], cluster)
    read, unread = read_manifests(module.params["paths"])
    uses = uses_of([*resources, *module.params["resources"], *read], cluster)
    module.exit_json(changed=False, uses=uses, problems=[*problems, *unread])


if __name__ == "__main__":
    main()
