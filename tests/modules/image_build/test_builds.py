# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build with each builder that is here: check, do, check again, do again; and what is left behind, which is nothing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible.module_utils.image_build.look import look
from ansible.module_utils.oci_registry.client import Settings

from plugins.builders import BUILDERS, PASSWORD, USER, engine_has, make_source

pytestmark = pytest.mark.xdist_group("builders")
each = pytest.mark.parametrize("a_builder", BUILDERS, indirect=True)
ARM, AMD = "linux/arm64", "linux/amd64"
AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def held(site, tag="manual"):
    settings = Settings(site.registry.address, "http", USER, PASSWORD)
    return look(settings, "app", tag)


def left_behind(folder: Path) -> list[str]:
    """Files that a run should have removed, and those with the password in them."""
    work = [str(path) for path in folder.glob("tmp/registry-runbooks-build-*/work/*")]
    files = [path for top in ("tmp", "home", "run") for path in (folder / top).rglob("*") if path.is_file()]
    return work + [str(path) for path in files if PASSWORD in (text := path.read_text(errors="replace")) or AUTH in text]


@each
def test_check_do_check_again_do_again(a_builder, site, image_build, tmp_path, programs, own_place):
    before = (own_place / ".docker" / "config.json").read_text()
    options = site.options(builder=a_builder, build_args={"WHO": "somebody-and-nobody-else"})
    planned = image_build(check=True, **options)
    assert planned["changed"] and planned["commit"] == site.commit, planned
    assert held(site) is None

    done = image_build(**options)
    assert done["changed"] and not done.get("failed"), done
    pushed = held(site)
    assert (done["digest"], done["platforms"], done["revision"]) == (pushed.digest, pushed.platforms, site.commit)
    assert pushed.whole and pushed.revision == site.commit
    assert [step["what"] for step in done["steps"] if step["ended"] >= step["began"] > 0] == [
        *("look", "choose", "source", "fetch", "login", "build", "push", "clean", "prove")
    ]
    for check in (True, False):
        again = image_build(check=check, **options)
        assert (again["changed"], again["digest"]) == (False, pushed.digest), again

    assert left_behind(tmp_path) == []
    assert (own_place / ".docker" / "config.json").read_text() == before
    assert not [call for call in programs.calls if PASSWORD in str(call) or AUTH in str(call)]
    assert not [call for call in programs.calls if "somebody-and-nobody-else" in str(call)], "values go through the environment"
    if a_builder != "buildah":
        assert not engine_has(done["reference"])


@each
def test_another_commit_other_arguments_and_a_broken_image_are_built_again(a_builder, site, image_build):
    first = image_build(**site.options(builder=a_builder))
    make_source(site.source, "other\n")
    second = image_build(**site.options(builder=a_builder))
    third = image_build(**site.options(builder=a_builder, build_args={"WHO": "me"}))
    assert len({first["digest"], second["digest"], third["digest"]}) == 3
    old = image_build(**site.options(builder=a_builder, ref=first["commit"]))
    assert (old["commit"], old["changed"]) == (first["commit"], True)
    assert image_build(**site.options(builder=a_builder, ref=first["commit"][:12]))["changed"] is False
    forced = image_build(**site.options(builder=a_builder, ref=first["commit"], force=True))
    assert forced["changed"] and "push" in [step["what"] for step in forced["steps"]], forced

    link = next(Path(site.registry.root).glob(f"**/revisions/sha256/{forced['digest'][7:]}/link"))
    link.unlink()
    site.registry.restart()
    repaired = image_build(**site.options(builder=a_builder, ref=first["commit"]))
    assert repaired["changed"] and repaired["digest"], repaired


@pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)
def test_several_platforms_of_one_image(a_builder, site, image_build):
    done = image_build(**site.options(expected_platforms=[ARM, AMD, "unknown/unknown"]))
    assert (done["builder"], sorted(done["platforms"])) == ("buildah", [AMD, ARM]), done
    assert [one["name"] for one in done["builders"] if not one["usable"]] == ["buildx", "docker"]
    assert "cannot be run here" in done["notes"][0]
    assert held(site).whole
    assert image_build(**site.options(expected_platforms=[AMD, ARM]))["changed"] is False


@pytest.mark.parametrize("a_builder", ["docker"], indirect=True)
def test_platforms_are_not_lost_unless_that_is_allowed(a_builder, site, image_build):
    options = site.options(builder="docker", expected_platforms=[AMD, ARM])
    refused = image_build(**options)
    assert refused["code"] == "platforms-lost" and ARM in refused["msg"], refused
    assert "build" not in [step["what"] for step in refused["steps"]]
    assert held(site) is None
    allowed = image_build(**options, allow_lost_platforms=True)
    assert (allowed["platforms"], allowed["lost_platforms"]) == ([AMD], [ARM])


@each
def test_a_folder_is_built_as_it_is(a_builder, site, image_build):
    folder = site.options(git=None, ref=None, folder=str(site.source), builder=a_builder)
    assert image_build(**folder)["commit"] == site.commit
    (site.source / "file").write_text("not committed", encoding="utf-8")
    changed = image_build(**folder)
    assert (changed["changed"], changed["commit"], changed["revision"][:7]) == (True, "", "folder-")
    assert image_build(**folder)["changed"] is False


def test_every_builder_says_why_it_is_not_taken(site, image_build, programs, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    programs.rule("buildah", "info", "echo no store >&2; exit 1")
    refused = image_build(**site.options())
    assert refused["code"] == "no-builder", refused
    assert "nowhere.sock" in refused["msg"]
    assert {one["usable"] for one in refused["builders"]} == {False}


def test_credentials_in_the_url_are_nowhere(site, image_build, programs, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    programs.rule("buildah", "info", "echo '{}'")
    programs.rule("git", "ls-remote", 'echo fatal: Authentication failed for "$*" >&2; exit 128')
    url = "https://robot:hush%2Fhush@git.invalid/team/app.git"
    refused = image_build(**site.options(git=url))
    assert (refused["code"], "git.invalid/team/app.git" in refused["msg"]) == ("source-failed", True), refused
    told = json.dumps([{key: value for key, value in refused.items() if key != "invocation"}, programs.calls])
    assert "hush" not in told and "robot" not in told
    assert "hush" not in json.dumps(refused["invocation"])
    assert os.environ.get("GIT_TERMINAL_PROMPT") is None


class Guarded(SimpleHTTPRequestHandler):
    """Files, for those who know the password; what was asked for without it is answered 401."""

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(b"robot:hush/hush").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_arguments):
        pass


@pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)
def test_credentials_in_the_url_are_used_and_wrong_ones_are_no_prompt(a_builder, site, image_build, programs):
    subprocess.run(["/usr/bin/git", "update-server-info"], cwd=site.source, check=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Guarded, directory=str(site.source / ".git"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}/"
        done = image_build(**site.options(git=f"http://robot:hush%2Fhush@{address}"))
        refused = image_build(**site.options(git=f"http://robot:no-such-word@{address}"))
        server.shutdown()
    assert (done.get("code"), done["commit"]) == (None, site.commit), done
    assert refused["code"] == "source-failed" and "credentials are missing or wrong" in refused["msg"], refused
    assert "hush" not in str(programs.calls) and "no-such-word" not in str([programs.calls, refused])
