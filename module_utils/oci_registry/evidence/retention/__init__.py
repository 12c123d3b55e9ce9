# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Gathers what a retention plan needs to know: from the store on disk, or over HTTP where no disk is at hand. Only reads."""
