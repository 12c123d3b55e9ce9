# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Plans: from what was observed to ordered steps with reasons. Pure: nothing here reads or writes anything."""
