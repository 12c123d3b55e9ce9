# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Measurements side by side with what users would run instead. ``benchmarks/README.md`` says how to run them."""
