# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The image graph of OCI and Docker registries: observed over HTTP and on disk, judged, planned, repaired.

Standard library only, Python 3.9 and later. ``docs/architecture.md`` says how the parts fit together.
"""
