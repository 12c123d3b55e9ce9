# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which tags and manifests go, which stay, and why: from facts and rules to a plan. Pure."""

from __future__ import annotations

from .facts import Evidence, RepositoryFacts
from .items import Item
from .plan import RetentionPlan, plan_retention
from .rules import Rules, rules_from

__all__ = ["Evidence", "Item", "RepositoryFacts", "RetentionPlan", "Rules", "plan_retention", "rules_from"]
