# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The services of a compose project on this machine: what its file says, what runs, and whether that is what is wanted. Reads only."""
