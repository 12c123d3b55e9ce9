# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The hosts of a playbook with their variables, as ansible-playbook itself would see them with the same arguments.

A play may say in its variable ``runbook_reaches`` which host is logged in to instead of the play's own; empty: that one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .. import places
from .remarks import Remark

REACHES = "runbook_reaches"
_LISTS = ("listhosts", "listtasks", "listtags", "syntax")


class Play(NamedTuple):
    """``hosts`` of the inventory by name; ``reaches``: of each, the host that is logged in to for it; ``reports``: what the run came to."""

    name: str
    hosts: list[str]
    reaches: dict[str, str]
    reports: bool


class Seen(NamedTuple):
    """``variables`` are those of every host, not templated but for what ``value`` gives."""

    remarks: list[Remark]
    plays: list[Play]
    values: Any  # Values, or None where the inventory could not be read


class Values:
    """Variables of hosts, templated one at a time: a secret that cannot be decrypted spoils only itself."""

    def __init__(self, loader: Any, inventory: Any, manager: Any) -> None:
        self._loader, self._inventory, self._manager = loader, inventory, manager
        self._raw: dict[str, dict[str, Any]] = {}

    def of(self, host: str) -> dict[str, Any]:
        """All variables of a host as they are written; ``localhost`` need not be listed."""
        if host not in self._raw:
            self._raw[host] = self._manager.get_vars(host=self._inventory.get_host(host))
        return self._raw[host]

    def value(self, host: str, name: str, default: Any = None) -> Any:
        """One variable, templated; ``default`` where it is not there or not defined. Raises what Ansible raises for a vault."""
        variables = self.of(host)
        return default if name not in variables else self.template(variables[name], variables, default)

    def template(self, text: Any, variables: dict[str, Any], default: Any = None) -> Any:
        """A template as Ansible fills it."""
        from ansible.errors import AnsibleUndefinedVariable
        from ansible.template import Templar

        try:
            return Templar(loader=self._loader, variables=variables).template(text)
        except AnsibleUndefinedVariable:
            return default

    def templates(self, file: str) -> Any:
        """A file of YAML whose templates Ansible is willing to fill."""
        try:
            return self._loader.load_from_file(file, trusted_as_template=True)
        except TypeError:  # before 2.19 it fills them all
            return self._loader.load_from_file(file)

    def general(self) -> dict[str, Any]:
        """The variables that no host is needed for: groups, and extra variables."""
        variables: dict[str, Any] = self._manager.get_vars()
        return variables


def look(playbook: str, arguments: list[str]) -> Seen:
    """Read everything; what cannot be read is a remark that stops the run."""
    os.environ["ANSIBLE_INVENTORY_UNPARSED_FAILED"] = "true"
    from ansible import context
    from ansible.errors import AnsibleError

    passed_over: list[str] = []
    _note(passed_over)
    try:
        inventory, values = _read(playbook, arguments)
        if any(context.CLIARGS[name] for name in _LISTS):
            return Seen([], [], None)  # nothing will be done
        remarks = list(_targets(inventory, values))
        plays = list(_plays(playbook, inventory, values))
        if not remarks:
            _check_left(plays, context.CLIARGS["subset"] or "")
    except places.Refused as refusal:
        return Seen([Remark(True, str(refusal))], [], None)
    except AnsibleError as error:
        return Seen([Remark(True, _in_words(error, passed_over))], [], None)
    except SystemExit:  # the arguments make no sense: ansible-playbook says so in its own words
        return Seen([], [], None)
    remarks += [Remark(False, f"{file} is passed over: Ansible can make no inventory of it") for file in passed_over]
    return Seen(remarks, [play for play in plays if play.hosts not in ([], ["localhost"])], values)


def in_words(error: Exception) -> str:
    """An error about a vault, for people; empty where it is none."""
    text = str(error)
    if "vault" not in text.lower() and "decrypt" not in text.lower():
        return ""
    return "it is encrypted, and cannot be decrypted: give the right --vault-password-file or --vault-id"


def _note(passed_over: list[str]) -> None:
    """Have the files noted that Ansible can make no inventory of: it only warns of them, as long as it can of another."""
    from ansible.inventory.manager import InventoryManager

    parse = InventoryManager.parse_source

    def parse_source(manager: Any, source: str, cache: bool = False) -> Any:
        parsed = parse(manager, source, cache)
        if not parsed and "," not in source and Path(source).is_file():
            passed_over.append(source)
        return parsed

    InventoryManager.parse_source = parse_source


def _in_words(error: Exception, passed_over: list[str]) -> str:
    text = " ".join([*str(error).split(), *(f"({file})" for file in passed_over)])
    return (
        f"the inventory cannot be read: {in_words(error)} ({text})"
        if in_words(error)
        else f"the inventory cannot be read: {text}"
    )


def _read(playbook: str, arguments: list[str]) -> tuple[Any, Values]:
    from ansible import context
    from ansible.cli.playbook import PlaybookCLI
    from ansible.plugins.loader import init_plugin_loader

    cli = PlaybookCLI(["ansible-playbook", *arguments, playbook])
    cli.parse()
    for file in context.CLIARGS["extra_vars"]:
        if file.startswith("@") and not Path(file[1:]).is_file():
            raise places.Refused(f"there is no {file[1:]}, which -e names")
    for source in context.CLIARGS["inventory"] or []:
        if "," not in source and not Path(source).exists():
            raise places.Refused(f"there is no inventory {source}. Name another with -i")
    init_plugin_loader()
    loader, inventory, manager = cli._play_prereqs()
    loader.set_basedir(str(Path(playbook).parent))
    if context.CLIARGS["subset"]:
        inventory.subset(context.CLIARGS["subset"])
        if not inventory.list_hosts():
            raise places.Refused(f"--limit {context.CLIARGS['subset']} leaves no host of the inventory")
    return inventory, Values(loader, inventory, manager)


def _targets(inventory: Any, values: Values) -> Iterator[Remark]:
    """``target`` must name somebody."""
    general = values.general()
    target = values.template(general.get("target"), general)
    if isinstance(target, str) and target and not inventory.get_hosts(target):
        sources = ", ".join(str(source) for source in inventory._sources) or "none"
        yield Remark(
            True, f"no host matches target={target} in the inventory ({sources}). Name another one with -i, or another target"
        )


def _plays(playbook: str, inventory: Any, values: Values) -> Iterator[Play]:
    """Every play with the hosts that are left to it."""
    for given in values.templates(playbook) or []:
        if "hosts" not in given:  # it imports another playbook
            continue
        pattern = values.template(given["hosts"], values.general())
        names = [str(host.name) for host in inventory.get_hosts(pattern)] if pattern else []
        reaches = (given.get("vars") or {}).get(REACHES)
        reached = {name: _reached(values, name, reaches) for name in names}
        yield Play(str(given.get("name", "")), names, reached, places.REPORT in str(given))


def _check_left(plays: list[Play], limit: str) -> None:
    """Refuse a run in which nobody is left to work, or to report what came of it: Ansible would skip that and end well."""
    if not any(play.hosts for play in plays):
        under = f" under --limit {limit}" if limit else ""
        raise places.Refused(f"no play has a host left{under}. Name the host with -e target=HOST, or another inventory with -i")
    reporting = [play for play in plays if play.reports]
    if limit and reporting and not any(play.hosts for play in reporting):
        names = " and ".join(play.name for play in reporting)
        raise places.Refused(
            f"--limit {limit} leaves no host to the play {names}, so nothing would be proven: use -e target=HOST instead"
        )


def _reached(values: Values, host: str, reaches: Any) -> str:
    return str((values.template(reaches, values.of(host), "") if reaches else "") or host)
