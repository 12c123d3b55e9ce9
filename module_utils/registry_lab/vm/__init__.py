# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The lab "vm": the six registries of one machine behind nginx, from one compose file under a real Docker engine, reached over SSH.

``lab.py`` says what there is and in which order it is made and removed; everything of one lab lies in one folder.
"""
