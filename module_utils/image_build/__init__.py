# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Builds an image on this host from a commit or a folder, pushes it, and proves it by bytes. Standard library only."""
