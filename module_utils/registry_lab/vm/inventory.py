# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The inventory of a lab: one host for the machine and one for each registry on it, as for a real one."""

from __future__ import annotations

from typing import List

from .ci import BRANCH, IMAGE, REPOSITORY, STEP, WORKFLOW, token
from .client import compose_command
from .project import ca_path
from .spec import CACHES, FRONT, HOSTED, USER, Service, Vm, write_new
from .ssh import SshServer

MACHINE = "registry-vm"
_HOSTS = """\
# The machine, and the registries on it: each of them is a host of its own.
all:
  children:
    lab:
      children:
        registry_vms:
          hosts:
            {machine}:
        registries:
          children:
            hosted:
              hosts:
{hosted}            caches:
              hosts:
{caches}"""
_HOST = """\
                {service.name}:
                  registry_service: {service.name}
                  registry_container: {container}
                  registry_address: {address}
                  registry_scheme: {service.scheme}
                  registry_store_path: {store}
"""
_LAB = """\
# How to reach the machine: the SSH server of the lab, with the lab's own keys.
ansible_host: 127.0.0.1
ansible_port: {port}
ansible_user: root
ansible_ssh_common_args: {options}
ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
ansible_remote_tmp: {folder}/tmp

# Where things are on it.
registry_compose_path: {project}/docker-compose.yml
registry_front_service: {front}
registry_maintenance_home: {project}/maintenance

# What its services run now, and what they are to run.
pin_match: {floating}
pin_image: {pinned}
"""
_REGISTRIES = """\
registry_vm: {machine}
registry_config_path: /etc/docker/registry/config.yml
registry_dialect: "{dialect}"

# The proxy comes last: it keeps the address that the registry had before.
registry_restart_commands:
  - [{compose}, restart, "{{{{ registry_service }}}}"]
  - [{compose}, restart, {front}]
"""
_HOSTED = """\
registry_store_mode: hosted
registry_requires_auth: true
registry_ca_path: {ca}
registry_username: {user}
registry_password: {password}

# How its image is built again, and who runs in it.
image_builds:
  - image: {image}
    tags: [latest]
    ci:
      server: http://127.0.0.1:{ci_port}
      token: {token}
      repository: {repository}
      branch: {branch}
      workflow: {workflow}
      step: {step}
      checkout: {source}
      interval: 0.2
    vm:
      git: file://{source}
      ref: {branch}
      commit_characters: 7
impact_checkouts: [{source}]
"""
_CACHES = """\
registry_store_mode: cache
registry_requires_auth: false
"""


def write(vm: Vm, ssh: SshServer) -> None:
    """Write it; files that are there stay as they are."""
    lab = _LAB.format(
        port=vm.ssh_port,
        options=" ".join(ssh.options),
        folder=vm.folder,
        project=vm.project(),
        front=FRONT,
        floating=vm.image("registry", vm.floating),
        pinned=vm.image("registry", vm.pinned),
    )
    compose = ", ".join(["docker", *compose_command(vm)])
    registries = _REGISTRIES.format(machine=MACHINE, dialect=vm.floating, compose=compose, front=FRONT)
    built = {"image": IMAGE, "repository": REPOSITORY, "branch": BRANCH, "workflow": WORKFLOW, "step": STEP, "token": token(vm)}
    place = {"ca": ca_path(vm), "user": USER, "password": vm.password, "ci_port": vm.ci_port, "source": vm.path("source")}
    hosted = _HOSTED.format(**place, **built)
    for group, text in {"lab": lab, "registries": registries, "hosted": hosted, "caches": _CACHES}.items():
        write_new(vm.path("inventory", "group_vars", f"{group}.yml"), text)
    hosts = _HOSTS.format(machine=MACHINE, hosted=_host(vm, HOSTED), caches="".join(_host(vm, one) for one in CACHES))
    write_new(hosts_path(vm), hosts)


def hosts_path(vm: Vm) -> str:
    """Written last, so that it says whether the rest is there."""
    return vm.path("inventory", "hosts.yml")


def _host(vm: Vm, service: Service) -> str:
    store = vm.project("data", service.store)
    return _HOST.format(service=service, container=vm.container(service.name), address=vm.address(service.name), store=store)


def commands(vm: Vm) -> List[str]:
    """Lines to try, from a checkout."""
    play = f"ansible-playbook -i {vm.path('inventory')} playbooks"
    return [
        f"{play}/diagnose.yml -e target={HOSTED.name}",
        f"{play}/verify.yml -e target={HOSTED.name}",
        f"ansible -i {vm.path('inventory')} registry_vms -m command -a 'docker ps'",
    ]
