# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images inside compose files: found by a YAML parser's positions, replaced as bytes, so that nothing else of the file moves.

Python 3.9 and later, the standard library and PyYAML (``document.py``). ``docs/decisions/compose-file.md`` says why.
"""
