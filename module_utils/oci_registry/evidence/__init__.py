# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Observes what a repair plan needs to know: the own store, the own registry and the sources. Only reads."""
