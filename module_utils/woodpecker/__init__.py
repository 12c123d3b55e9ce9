# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Woodpecker: workflow files, found by a YAML parser's positions and changed as bytes; and what its server says about them.

Python 3.9 and later and PyYAML; ``api.py`` also needs Ansible. ``docs/decisions/workflow-file.md`` says why it is done like this.
"""
