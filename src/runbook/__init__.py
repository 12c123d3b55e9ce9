# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The console: runs playbooks through ansible-runner with progress and a journal; builds, tests and lints the project."""
