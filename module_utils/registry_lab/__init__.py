# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Throw-away registries for the drill and the tests: real binaries on loopback, images made in memory, damage done for real.

Standard library only, Python 3.9 and later (bcrypt and cryptography stand in where htpasswd and openssl are missing).
The labs themselves (process, images, push, place, damage) import nothing of the code that they are there to test, save its errors.
"""
