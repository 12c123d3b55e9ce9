# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines as modules return them: plain JSON types. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .pipeline import Pipeline
from .verdict import Culprit


def pipeline_result(pipeline: Pipeline, url: str) -> Dict[str, Any]:
    """One pipeline."""
    plain = ("number", "status", "event", "branch", "commit", "author", "title", "created", "started", "finished", "parent")
    return {
        **{name: getattr(pipeline, name) for name in plain},
        "url": url,
        "variables": dict(pipeline.variables),
        "errors": list(pipeline.errors),
        "workflows": workflows_result(pipeline),
    }


def workflows_result(pipeline: Pipeline) -> List[Dict[str, Any]]:
    """Its workflows with their steps."""
    return [
        {
            "name": workflow.name,
            "state": workflow.state,
            "error": workflow.error,
            "steps": [
                {"name": step.name, "state": step.state, "exit_code": step.exit_code, "error": step.error}
                for step in workflow.steps
            ],
        }
        for workflow in pipeline.workflows
    ]


def step_result(found: Optional[Culprit]) -> Dict[str, Any]:
    """A step that failed, or that ran last; empty for none."""
    if found is None:
        return {}
    step = found.step
    return {
        "workflow": found.workflow.name,
        "step": step.name if step else "",
        "state": step.state if step else found.workflow.state,
        "exit_code": step.exit_code if step else 0,
        "why": found.why,
    }
