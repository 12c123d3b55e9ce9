# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Options that cannot be used are refused with one sentence and a code, and nothing is changed."""

from __future__ import annotations

import tempfile

import pytest

from .conftest import tree_of

FINDING = {"code": "layer-missing", "repository": "team/app", "tags": ["v1"], "digest": "", "parent": "", "role": "layer"}
EVIL = "sha256:../../../../etc/passwd"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"findings": []}, None, "registry, path"),
        ({"path": "STORE"}, None, "findings, images, undo"),
        ({"path": "STORE", "findings": [], "images": ["a:b"]}, None, "mutually exclusive"),
        ({"path": "/nowhere", "findings": []}, "not-a-store", "cannot be listed"),
        ({"path": "STORE", "findings": [{"code": "x"}]}, "bad-input", "findings[0]"),
        ({"path": "STORE", "findings": [{**FINDING, "digest": EVIL}]}, "bad-input", "is no digest"),
        ({"path": "STORE", "findings": [{**FINDING, "parent": EVIL}]}, "bad-input", "is no digest"),
        ({"path": "STORE", "findings": [{**FINDING, "repository": "../../etc"}]}, "bad-input", "is no repository name"),
        ({"path": "STORE", "findings": [{**FINDING, "tags": ["../up"]}]}, "bad-input", "is no list of tags"),
        ({"path": "STORE", "findings": [{**FINDING, "tags": "v1"}]}, "bad-input", "is no list of tags"),
        ({"path": "STORE", "images": ["Not/Lower:v1"]}, "bad-input", "is no repository name"),
        ({"path": "STORE", "images": ["other.example.com/app:v1"]}, "bad-input", "is not of registry"),
        ({"path": "STORE", "undo": "../../etc"}, "bad-input", "moved nothing"),
        ({"registry": "127.0.0.1:1", "scheme": "http", "undo": "x"}, "bad-input", "undo needs path"),
        ({"registry": "127.0.0.1:1", "scheme": "http", "images": ["a:b"]}, "unreachable", "127.0.0.1:1"),
        ({"registry": "https://x/", "images": ["a:b"]}, "bad-input", "is no registry"),
        ({"path": "STORE", "findings": [], "sources": [{"type": "snapshot"}]}, "bad-input", "needs path"),
        ({"path": "STORE", "findings": [], "sources": [{"type": "layout", "path": "/proc"}]}, "bad-input", "no OCI image layout"),
        (
            {"path": "STORE", "findings": [], "sources": [{"type": "repository", "repository": "a"}]},
            "bad-input",
            "needs the registry",
        ),
        ({"path": "STORE", "findings": [], "sources": [{"type": "tape"}]}, None, "must be one of"),
        ({"path": "STORE", "findings": [], "approve": ["everything"]}, None, "must be one or more of"),
        ({"path": "STORE", "findings": [], "lock_timeout": -1.0}, "bad-input", "lock_timeout"),
    ],
)
def test_refused(options, code, says, broken, repair, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    case = broken("layer-gone")
    before = tree_of(case.root)
    given = {**options, "path": case.root} if options.get("path") == "STORE" else options
    result = repair(check=True, **given)
    assert result["failed"]
    assert result.get("code") == code
    assert says in result["msg"]
    assert "Traceback" not in result["msg"]
    assert tree_of(case.root) == before


def test_no_findings_is_nothing_to_do(broken, repair):
    case = broken()
    result = repair(path=case.root, findings=[])
    assert not result["changed"]
    assert result["msg"] == "nothing to do"


def test_findings_of_another_store_are_left_out(broken, repair):
    case = broken("layer-gone")
    for store in ("/somewhere/else", "else (/somewhere/else)"):
        elsewhere = [dict(finding, store=store) for finding in case.findings]
        result = repair(path=case.root, findings=elsewhere, **case.from_snapshot)
        assert result["plan"] == []
        assert "1 findings left out" in result["msg"]
    here = [dict(finding, store=f"store ({case.root})") for finding in case.findings]
    assert repair(path=case.root, findings=here, **case.from_snapshot)["changed"]


def test_a_folder_of_several_stores_is_refused(broken, repair, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "data" / name).mkdir(parents=True)
    broken(folder=tmp_path / "data" / "one")
    (tmp_path / "data" / "two" / "docker" / "registry" / "v2").mkdir(parents=True)
    (tmp_path / "data" / "one" / "store" / "docker").rename(tmp_path / "data" / "one" / "docker")
    result = repair(path=str(tmp_path / "data"), findings=[])
    assert (result["failed"], result["code"]) == (True, "bad-input")
    assert "one, two" in result["msg"]


def test_a_damaged_repository_nobody_knows(broken, repair):
    case = broken()
    result = repair(path=case.root, images=["no/such:v1"])
    assert not result["changed"]
    assert result["remaining"][0]["repository"] == "no/such"
