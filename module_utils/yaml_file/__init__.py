# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""YAML files that people write, changed as bytes: what a parser sees with the place where it stands, and how a file is replaced.

Python 3.9 and later, the standard library and PyYAML (``document.py``). ``docs/decisions/compose-file.md`` says why.
"""
