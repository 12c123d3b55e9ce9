# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The registries of one machine as services of a compose project: what they run, what a new image would change, one at a time."""
