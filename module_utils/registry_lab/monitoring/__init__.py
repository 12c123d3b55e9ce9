# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A registry that is watched: a probe, Pushgateway, Prometheus, Alertmanager and a receiver of its notifications, all real, on loopback."""
