# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A Woodpecker server for labs and tests, as no package has one: it keeps state, reads real workflow files and builds for real.

What it answers is what 3.17.0 was recorded to answer (``tests/data/woodpecker``), and for older versions what is known of them.
Standard library, and PyYAML for workflow files. It imports nothing of the client that it is there to test.
"""
