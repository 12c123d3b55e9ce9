# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Woodpecker: workflow files, found by a YAML parser's positions and changed as bytes; what its server says about them; and its pipelines.

Python 3.9 and later; PyYAML for what reads workflow files, Ansible for ``api.py``. ``docs/decisions/workflow-file.md`` says why files are
edited like this. A pipeline is read (``pipeline.py``), judged (``verdict.py``) and told (``result.py``) by pure code; ``starting.py`` is all
that starts one.
"""
