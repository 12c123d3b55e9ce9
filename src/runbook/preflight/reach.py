# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The way to each host that is logged in to over SSH, and what is found there."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from .plays import Seen, Values, in_words
from .remarks import Found, Remark
from .ssh import Answer, Login, try_login

_AT_ONCE = 16
_SSH = ("ssh", "smart", "ansible.builtin.ssh")
#: variables that decide how a host is logged in to
_CONNECTION = "ansible_"


class Host(NamedTuple):
    """``login`` is None where it is not one over SSH; ``problem`` says why it is not known."""

    login: Login | None
    problem: str = ""


def look(seen: Seen) -> Found:
    """Log in to each host once, and look at its Python and its disks."""
    if seen.values is None:
        return Found({}, [])
    names = dict.fromkeys(play.reaches[host] for play in seen.plays for host in play.hosts)
    hosts = {name: _host(seen.values, name) for name in names}
    logins = _machines(host.login for host in hosts.values() if host.login is not None)
    if logins and not shutil.which("ssh"):
        no_ssh = "there is no ssh on this machine, and hosts are logged in to over SSH. Install openssh-client"
        return Found({}, [Remark(True, no_ssh)])
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(logins, pool.map(try_login, logins.values()), strict=True))
    problems: dict[str, list[str]] = {}
    for play in seen.plays:
        for name in play.hosts:
            problems[name] = list(_problems(name, play.reaches[name], hosts, answers))
    warnings = [Remark(False, warning) for answer in answers.values() for warning in answer.warnings]
    return Found(problems, warnings)


def _machines(logins: Iterable[Login]) -> dict[Login, Login]:
    """One login for each machine: by the first name that leads there, with the folders of all."""
    machines: dict[Login, Login] = {}
    for login in logins:
        first = machines.setdefault(login.way, login)
        machines[login.way] = first._replace(folders=tuple(dict.fromkeys([*first.folders, *login.folders])))
    return machines


def _problems(name: str, reached: str, hosts: dict[str, Host], answers: dict[Login, Answer]) -> Iterator[str]:
    host = hosts[reached]
    if host.problem:
        yield f"{name}: {host.problem}"
    elif host.login is not None:
        yield from answers[host.login.way].problems


def _host(values: Values, name: str) -> Host:
    from ansible.errors import AnsibleError

    try:
        variables = _connection(values, name)
        return Host(_login(values, name, variables))
    except AnsibleError as error:
        return Host(None, in_words(error) or " ".join(str(error).split()))


def _connection(values: Values, name: str) -> dict[str, Any]:
    """The variables of a host that tell how it is logged in to, templated; those that need facts are left out."""
    named = [
        key for key in values.of(name) if str(key).startswith(_CONNECTION) and key not in ("ansible_facts", "ansible_play_hosts")
    ]
    found = {key: values.value(name, key) for key in named}
    return {key: value for key, value in found.items() if value is not None}


def _login(values: Values, name: str, variables: dict[str, Any]) -> Login | None:
    from ansible import constants, context

    kind = variables.get("ansible_connection") or context.CLIARGS.get("connection") or constants.DEFAULT_TRANSPORT
    if (name in constants.LOCALHOST and "ansible_connection" not in variables) or kind not in _SSH:
        return None
    options = {option: _option(option, variables) for option in _OPTIONS}
    stores = str(values.value(name, "registry_store_path", "") or "")
    return Login(
        name=name,
        host=str(options["host"] or name),
        command=(str(options["ssh_executable"] or "ssh"), *_arguments(options)),
        password=str(options["password"] or "") or _password_of_file(),
        interpreter=str(variables.get("ansible_python_interpreter", "")),
        folders=tuple(folder for folder in ("/tmp", stores) if folder.startswith("/")),  # noqa: S108 (it is only looked at)
    )


_OPTIONS = (
    *("host", "port", "remote_user", "private_key_file", "ssh_args", "ssh_common_args", "ssh_extra_args"),
    *("ssh_executable", "password", "host_key_checking"),
)


def _option(name: str, variables: dict[str, Any]) -> Any:
    """An option of Ansible's own connection plugin, from wherever that takes it."""
    from ansible import constants
    from ansible.plugins.loader import connection_loader

    connection_loader.get("ssh", class_only=True)  # makes its options known
    value, origin = constants.config.get_config_value_and_origin(
        name, plugin_type="connection", plugin_name="ssh", variables=variables
    )
    if origin == "default" and name == "host":
        return variables.get("inventory_hostname")
    return value


def _arguments(options: dict[str, Any]) -> Iterator[str]:
    """The arguments of ssh that decide where it goes and as whom, in the order of the plugin: the first of a kind counts."""
    yield from shlex.split(str(options["ssh_args"] or ""))
    if not options["host_key_checking"]:
        yield from ("-o", "StrictHostKeyChecking=no")
    for name, option in (("port", "Port"), ("remote_user", "User"), ("private_key_file", "IdentityFile")):
        if options[name]:
            yield from ("-o", f"{option}={options[name]}")
    for name in ("ssh_common_args", "ssh_extra_args"):
        yield from shlex.split(str(options[name] or ""))


def _password_of_file() -> str:
    from ansible import context
    from ansible.cli import CLI

    file = context.CLIARGS.get("connection_password_file")
    return CLI.get_password_from_file(file).decode() if file else ""
