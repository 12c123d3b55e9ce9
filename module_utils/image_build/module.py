# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The module as Ansible runs it, whose failures show no secret of its options: those that Ansible itself refuses neither."""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from .masking import shown_options


class BuildModule(AnsibleModule):  # type: ignore[misc]
    """``shown`` is its invocation, as a result may have it."""

    @property
    def shown(self) -> Dict[str, Any]:
        """What Ansible would add to a result, masked."""
        return {"module_args": shown_options(self.params)}

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """As Ansible's own, which its constructor calls, too."""
        super().fail_json(msg, **{"invocation": self.shown, **kwargs})
