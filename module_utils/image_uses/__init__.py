# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Who uses which image: uses as they were gathered (``use.py``), and what of them hits images that are broken (``matching.py``).

Python 3.9 and later and the standard library; ``manifests.py`` also needs PyYAML.
"""
