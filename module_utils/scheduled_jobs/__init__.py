# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Jobs that a machine runs by the clock: crontabs, scripts of cron, systemd timers. Which of them harm a registry, and how to retire them.

``find`` observes, ``retire`` plans, ``files`` is the only part that writes.
"""
