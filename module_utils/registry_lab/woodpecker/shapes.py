# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What the server's answers look like, by its version. Pure."""

from __future__ import annotations

import base64
from typing import Any, Dict, List, Sequence, Tuple

from .model import Pipeline, Repository, Step, User, Workflow

Version = Tuple[int, ...]
_FORGE = "https://forge.example.test"
_OLD_TIMES = {
    "created": "created_at",
    "updated": "updated_at",
    "started": "started_at",
    "finished": "finished_at",
    "reviewed": "reviewed_at",
}


def version_of(text: str) -> Version:
    """3.17.0 as (3, 17, 0)."""
    return tuple(int(part) for part in text.split("."))


def user(one: User) -> Dict[str, Any]:
    """The user of a token."""
    admin = {"admin": True} if one.admin else {}
    plain = {"id": one.id, "forge_id": 1, "forge_remote_id": str(one.id), "login": one.login}
    return {**plain, "email": f"{one.login}@example.test", "avatar_url": "", **admin, "org_id": 0}


def repository(one: Repository, version: Version) -> Dict[str, Any]:
    """A repository, as by lookup."""
    owner, _slash, name = one.full_name.partition("/")
    trusted: Any = {kind: one.trusted.get(kind, False) for kind in ("network", "volumes", "security")}
    extensions = {f"{kind}_extension_{what}": "" for kind in ("config", "registry", "secret") for what in ("endpoint",)}
    switches = {f"{kind}_extension_netrc": False for kind in ("config", "registry", "secret")}
    return {
        "id": one.id,
        "forge_id": 1,
        "forge_remote_id": str(39 + one.id),
        "org_id": 1,
        "owner": owner,
        "name": name,
        "full_name": one.full_name,
        "forge_url" if version >= (2,) else "link_url": f"{_FORGE}/{one.full_name}",
        "clone_url": f"{_FORGE}/{one.full_name}.git",
        "clone_url_ssh": "",
        "default_branch": one.default_branch or (one.branches or [""])[0],
        "pr_enabled": False,
        "timeout": 60,
        "visibility": one.visibility,
        "private": one.visibility == "private",
        "trusted": trusted if version >= (3,) else any(trusted.values()),
        **({"require_approval": "forks"} if version >= (2, 8) else {"gated": False}),
        "approval_allowed_users": None,
        "active": one.active,
        "allow_pr": False,
        "allow_deploy": False,
        "config_file": "",
        "cancel_previous_pipeline_events": None,
        "netrc_trusted": None,
        **extensions,
        "config_extension_exclusive": False,
        **switches,
    }


def pipeline(one: Pipeline, repo: Repository, server_version: str, *, whole: bool = True) -> Dict[str, Any]:
    """A pipeline; lists have no workflows (not ``whole``)."""
    version = version_of(server_version)
    link = f"{_FORGE}/{repo.full_name}/commit/{one.commit[:7]}"
    shown: Dict[str, Any] = {
        **{key: getattr(one, key) for key in ("id", "number", "author", "parent", "event")},
        "event_reason": None,
        "status": one.status,
        "errors": one.errors or None,
        **{key: getattr(one, key) for key in ("created", "updated", "started", "finished")},
        **{"deploy_to": "", "deploy_task": "", "commit": one.commit, "branch": one.branch, "rerun_count": one.rerun_count},
        **{"ref": one.branch if one.event == "manual" else f"refs/heads/{one.branch}", "refspec": "", "author_avatar": ""},
        **{"forge_url": link, "reviewed_by": "", "reviewed": 0},
    }
    if one.cancel_info:
        shown["cancel_info"] = one.cancel_info
    if whole and one.workflows:
        shown["workflows"] = [_workflow(each, one.id, version) for each in one.workflows]
    if one.variables:
        shown["variables"] = one.variables
    shown.update(version=server_version, title=one.title, message=one.message, timestamp=one.created)
    shown.update(sender="", author_email=f"{one.author}@example.test")
    return shown if version >= (3, 14) else _older(shown, version)


def _older(shown: Dict[str, Any], version: Version) -> Dict[str, Any]:
    """The same under the names of older versions."""
    for key in ("cancel_info", "version", "event_reason", "rerun_count"):
        shown.pop(key, None)
    if version < (3,):
        shown = {_OLD_TIMES.get(key, key): value for key, value in shown.items()}
    if version < (2,):
        errors = shown.pop("errors") or []
        shown["error"] = "; ".join(str(error["message"]) for error in errors if not error["is_warning"])
        shown["link_url"] = shown.pop("forge_url")
    return shown


def _workflow(one: Workflow, pipeline_id: int, version: Version) -> Dict[str, Any]:
    names = ("started", "finished") if version >= (3,) else ("start_time", "end_time")
    children = [_step(step, one.pid, pipeline_id, version) for step in one.steps]
    return {
        **{"id": one.id, "pipeline_id": pipeline_id, "pid": one.pid, "name": one.name, "state": one.state},
        **_given(error=one.error, **dict(zip(names, (one.started, one.finished))), agent_id=one.agent_id, children=children),
    }


def _step(one: Step, ppid: int, pipeline_id: int, version: Version) -> Dict[str, Any]:
    names = ("started", "finished") if version >= (3,) else ("start_time", "end_time")
    return {
        **{"id": one.id, "uuid": one.uuid, "pipeline_id": pipeline_id, "pid": one.pid, "ppid": ppid},
        **{"name": one.name, "state": one.state, **_given(error=one.error), "exit_code": one.exit_code},
        **_given(**dict(zip(names, (one.started, one.finished)))),
        "type": one.type,
    }


def _given(**fields: Any) -> Dict[str, Any]:
    """Go leaves out what is empty."""
    return {key: value for key, value in fields.items() if value}


def secret(one: Dict[str, Any], number: int, repo: Repository) -> Dict[str, Any]:
    """A secret without its value."""
    plain = {"id": number, "org_id": 0, "repo_id": repo.id, "name": one["name"]}
    return {**plain, "images": one.get("images"), "events": one.get("events"), "note": one.get("note", "")}


def log(step: Step) -> Any:
    """The log of a step: null where there is none, and for an empty line."""
    lines: List[Dict[str, Any]] = []
    for number, line in enumerate(step.log):
        data = base64.b64encode(line.encode("latin-1")).decode() or None
        lines.append({"id": step.id * 1000 + number, "step_id": step.id, "time": 0, "line": number, "data": data, "type": 0})
    return lines or None


def queue(pending: Sequence[Dict[str, Any]], running: Sequence[Dict[str, Any]], workers: int, *, paused: bool) -> Dict[str, Any]:
    """The queue; ``workers`` are agents that wait for work."""
    stats = {"worker_count": workers, "pending_count": len(pending), "waiting_on_deps_count": 0, "running_count": len(running)}
    return {"pending": list(pending), "waiting_on_deps": [], "running": list(running), "stats": stats, "paused": paused}


def task(workflow: Workflow, one: Pipeline, repo: Repository) -> Dict[str, Any]:
    """A workflow in the queue."""
    about = {"branch": one.branch, "commit-branch": one.branch, "event": one.event, "forge-id": "forgejo", "org-id": "1"}
    about.update({"repo-forge-id": str(39 + repo.id), "repo-full-name": repo.full_name, "repo-id": str(repo.id)})
    about["repo-name"] = repo.full_name.rpartition("/")[2]
    labels = {"org-id": "1", "repo": repo.full_name, **{f"woodpecker-ci.org/{name}": value for name, value in about.items()}}
    return {
        **{"id": str(workflow.id), "pid": workflow.pid, "name": workflow.name, "labels": labels},
        **{"dependencies": None, "run_on": None, "dep_status": {}, "agent_id": workflow.agent_id},
        **{"pipeline_id": one.id, "repo_id": repo.id, "concurrency_limit": 0, "concurrency_group": "", "created": one.created},
        **{"pipeline_number": one.number, "agent_name": "lab" if workflow.agent_id else ""},
    }
