# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Throw-away registries for the drill and the tests: real binaries on loopback, images made in memory, damage done for real.

Standard library only, Python 3.9 and later. Nothing here imports the code that the labs are there to test, save its errors.
"""
