# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which commands a document has, where they run, and how they are to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.vm.documents import Block, blocks, replaced

PAGE = """\
# A page

```sh
./runbook pin -i inventory/example --check
# exits 1: a port is wrong
```

1. In a list:

   ```sh
   docker compose ps
     # indented
   ```

```yaml
not: commands
```
"""


def test_blocks_are_found_in_order_with_their_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    first, last = blocks(page)
    assert (str(first), first.on_controller, first.exit_code) == ("page.md:4", True, 1)
    assert (str(last), last.on_controller, last.exit_code) == ("page.md:11", False, 0)
    assert last.text == "docker compose ps\n  # indented\n"


def test_a_page_without_commands_has_none(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n", encoding="utf-8")
    assert blocks(page) == []


@pytest.mark.parametrize("command", ["ansible-playbook -i x playbooks/pin.yml", "ansible-vault create x", "./runbook pin"])
def test_commands_of_a_checkout_are_told(command: str) -> None:
    assert Block("page.md", "Heading", 1, command).on_controller


def test_longer_names_win_and_values_stay() -> None:
    values = {"/opt/registry": "/lab/opt/registry", "registry:3.1.1": "lab.invalid/registry:3.1.1", "host:5050": "127.0.0.1:1"}
    assert replaced("/opt/registry/x registry:3.1.1 host:5050", values) == (
        "/lab/opt/registry/x lab.invalid/registry:3.1.1 127.0.0.1:1"
    )
