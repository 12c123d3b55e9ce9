# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The only place that writes: to a store on disk, to a registry over its API, to the journal and to the quarantine."""
