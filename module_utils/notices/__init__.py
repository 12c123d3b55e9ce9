# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run came to, in a few lines for a chat, and the webhook that takes them there. A notice never decides anything."""
