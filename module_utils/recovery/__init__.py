# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a recovery came to: weighed from what each of its parts says (``outcome.py``), and said in a sentence (``words.py``). Pure.

Python 3.9 and later and the standard library.
"""
