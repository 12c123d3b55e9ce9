# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build where something is wrong: one clear error each, the registry as it was, nothing left behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.registry_lab.damage import damage

from modules.image_build.test_builds import held, left_behind
from plugins.builders import DOCKERFILE, PASSWORD, USER, make_source

pytestmark = pytest.mark.xdist_group("builders")
quick = pytest.mark.parametrize("a_builder", ["docker", "buildah"], indirect=True)
docker = pytest.mark.parametrize("a_builder", ["docker"], indirect=True)
buildah = pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)
AMD, ARM = "linux/amd64", "linux/arm64"


def program_of(a_builder: str) -> str:
    return "buildah" if a_builder == "buildah" else "docker"


@quick
def test_a_build_that_succeeds_and_pushes_nothing(a_builder, site, image_build, programs):
    programs.rule(program_of(a_builder), "push")
    refused = image_build(**site.options(builder=a_builder))
    assert (refused["code"], held(site)) == ("pushed-nothing", None), refused
    programs.clear()
    first = image_build(**site.options(builder=a_builder))
    make_source(site.source, "other\n")
    programs.rule(program_of(a_builder), "push")
    refused = image_build(**site.options(builder=a_builder))
    assert (refused["code"], first["digest"] in refused["msg"]) == ("pushed-nothing", True), refused
    assert held(site).digest == first["digest"]


@buildah
def test_an_image_that_lacks_a_platform(a_builder, site, image_build, programs):
    """Of the list, one image is pushed."""
    one = "$(/usr/bin/buildah images --all --quiet --no-trunc | head -n 1)"
    push = f"/usr/bin/buildah push --tls-verify=false --creds {USER}:{PASSWORD}"
    programs.rule("buildah", "push", f"{push} {one} docker://{site.registry.address}/app:manual")
    options = site.options(builder=a_builder, platforms=[AMD, ARM])
    refused = image_build(**options)
    assert (refused.get("code"), refused["digest"], len(refused["platforms"])) == ("platforms-lost", "", 1), refused
    assert "lacks linux/" in refused["msg"]
    programs.clear()
    assert sorted(image_build(**options)["platforms"]) == [AMD, ARM]


@docker
def test_wrong_credentials_are_known_before_anything_is_built(a_builder, site, image_build, programs):
    refused = image_build(**site.options(builder=a_builder, password="wrong"))
    assert (refused["code"], programs.calls) == ("authentication", []), refused


@quick
def test_a_login_that_the_registry_refuses_meanwhile(a_builder, site, image_build, programs):
    programs.rule(
        program_of(a_builder), "login", "cat >/dev/null; echo 'Error: unauthorized: authentication required' >&2; exit 1"
    )
    refused = image_build(**site.options(builder=a_builder))
    assert (refused["code"], held(site)) == ("authentication", None), refused
    assert "build" not in [step["what"] for step in refused["steps"]]


@quick
def test_a_dockerfile_that_fails_shows_its_last_lines_masked(a_builder, site, image_build, tmp_path):
    make_source(site.source, "x\n", DOCKERFILE + "COPY no-such-file /\n")
    given = {"API_TOKEN": "hush-hush", "KEY_ID": "a", "WHO": "me"}
    refused = image_build(**site.options(builder=a_builder, build_args=given))
    assert refused["code"] == "build-failed", refused
    assert any("no-such-file" in line for line in refused["log"])
    assert len(refused["log"]) <= 40
    assert "hush-hush" not in str(refused)
    assert refused["invocation"]["module_args"]["build_args"] == {**given, "API_TOKEN": "*" * 8, "KEY_ID": "*" * 8}
    assert (held(site), left_behind(tmp_path)) == (None, [])
    assert image_build(**site.options(builder=a_builder), log_lines=0)["log"] == []


@quick
def test_a_secret_that_programs_say_too_changes_nothing_of_what_is_read(a_builder, site, image_build):
    """The name of the branch, and a word of Docker's about itself."""
    done = image_build(**site.options(builder=a_builder, build_args={"A_TOKEN": "main", "B_TOKEN": "true", "C_TOKEN": "a"}))
    assert (done.get("code"), done["commit"], done["image"]) == (None, site.commit, "app"), done


@docker
@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"git": "file:///no/such/repository"}, "source-failed", "/no/such/repository"),
        ({"git": "https://127.0.0.1:9/app.git"}, "source-failed", "127.0.0.1:9"),
        ({"ref": "no-such-branch"}, "ref-missing", "no-such-branch"),
        ({"ref": "0" * 40}, "ref-missing", "0" * 40),
        ({"ref": "abcdef1"}, "ref-missing", "abcdef1"),
        ({"ref": "--upload-pack=x"}, "bad-input", "no branch"),
        ({"git": "ext::sh -c id"}, "bad-input", "no url"),
        ({"git": "http://[::1"}, "bad-input", "http://[::1: is no url"),
        ({"git": "https://u:s3cr3t\u2100w@git.invalid/app"}, "bad-input", "https://git.invalid/app: is no url"),
        ({"dockerfile": "no/Dockerfile"}, "source-failed", "no/Dockerfile"),
        ({"context": "../.."}, "bad-input", "leads out"),
        ({"image": "app"}, "bad-input", "names no registry"),
        ({"git": None, "ref": None, "folder": "/no/such/folder"}, "bad-input", "/no/such/folder"),
        ({"folder": "/srv"}, "bad-input", "either git or folder"),
        ({"platforms": ["amd64"]}, "bad-input", "no platform"),
        ({"build_args": {"A B": "x"}}, "bad-input", "no build argument"),
    ],
)
def test_bad_input(a_builder, site, image_build, tmp_path, changes, code, said):
    refused = image_build(**site.options(builder=a_builder, **changes))
    assert (refused.get("code"), said in refused["msg"], "s3cr3t" in str(refused)) == (code, True, False), refused
    assert (held(site), left_behind(tmp_path)) == (None, [])


@pytest.mark.parametrize("changes", [{"platforms": ["linux"]}, {"builder": "nobody"}, {"nothing": 1}, {"state": "cleaned"}])
def test_a_token_in_the_url_is_shown_nowhere(site, image_build, changes):
    """Whoever refuses the options, Ansible or the module; nor where none of them is used."""
    url = "https://ci:s3cr3t@s3cr3t@git.invalid/app.git"
    told = image_build(**site.options(git=url, build_args={"A_TOKEN": "hush-hush"}, **changes))
    assert told.get("failed", False) == ("state" not in changes), told
    assert "s3cr3t" not in str(told) and "hush-hush" not in str(told)
    assert told["invocation"]["module_args"]["git"].endswith("@git.invalid/app.git")


@docker
def test_an_instruction_that_fails_leaves_no_container(a_builder, site, image_build):
    make_source(site.source, "x\n", DOCKERFILE + 'RUN ["/no-such-program"]\n')
    refused = image_build(**site.options(builder=a_builder))
    assert (refused["code"], "no-such-program" in refused["msg"]) == ("build-failed", True), refused
    containers = subprocess.run(
        ["docker", "ps", "--all", "--no-trunc", "--format", "{{.Command}}"], capture_output=True, text=True
    )
    assert (containers.returncode, "no-such-program" in containers.stdout) == (0, False), containers


@docker
@pytest.mark.parametrize("in_git", [True, False])
def test_a_link_in_the_source_that_leads_out_of_it(a_builder, site, image_build, tmp_path, in_git):
    outside = tmp_path / "outside"
    make_source(outside)
    (site.source / "kept").symlink_to(".")
    (site.source / "taken").symlink_to(outside)
    make_source(site.source)
    known = site.options(builder=a_builder, **({} if in_git else {"git": None, "ref": None, "folder": str(site.source)}))
    for options in ({"dockerfile": "taken/Dockerfile"}, {"context": "taken", "dockerfile": "Dockerfile"}):
        refused = image_build(**known, **options)
        assert (refused.get("code"), held(site)) == ("source-failed", None), refused
        assert "leads out of the source" in refused["msg"]
    assert image_build(**known, context="kept")["digest"]


@docker
@pytest.mark.parametrize("kind", ["layer-emptied", "layer-halved"])
def test_a_damaged_file_that_the_registry_keeps_is_said(a_builder, site, image_build, kind):
    """Docker takes the size that the registry tells for that of its layer, so that the sizes agree afterwards."""
    options = site.options(
        git=None, ref=None, folder=str(site.source), builder=a_builder
    )  # files of the same time: the same layer
    image_build(**options)
    damaged = damage(kind, site.registry.root, "app", "manual")
    site.registry.restart()
    for _again in range(2):
        refused = image_build(**options)
        assert (refused.get("code"), refused["digest"]) == ("still-damaged", ""), refused
        assert "push replaces no file" in refused["msg"] and "aside first" in refused["msg"]
        if kind == "layer-halved":
            assert damaged.digest in refused["msg"]


@docker
def test_docker_that_does_not_trust_the_registry_is_known_beforehand(
    a_builder, any_registry, site, image_build, programs, tmp_path
):
    """127.0.0.1 is insecure to every Docker; a name is not."""
    registry = any_registry(htpasswd=(USER, PASSWORD, 4), tls=True)
    told = '{"ServerVersion": "1", "Architecture": "x86_64", "RegistryConfig": {"InsecureRegistryCIDRs": ["10.0.0.0/8"]}}'
    programs.rule("docker", "info", f"echo '{told}'")
    options = site.options(image=f"{registry.address}/app", scheme="https", ca_path=registry.ca_path, builder="docker")
    refused = image_build(**options)
    assert refused["code"] == "registry-trust", refused
    assert f"/etc/docker/certs.d/{registry.address}/ca.crt" in refused["msg"]
    plain = image_build(**site.options(builder="docker"))
    assert (plain["code"], "insecure-registries" in plain["msg"]) == ("registry-trust", True), plain


@docker
def test_one_build_at_a_time(a_builder, site, image_build, tmp_path):
    import fcntl

    image_build(**site.options(builder=a_builder))
    lock = next(Path(tmp_path / "tmp").glob("registry-runbooks-build-*/lock"))
    with open(lock, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused = image_build(**site.options(builder=a_builder, lock_timeout=0.1))
    assert refused["code"] == "locked", refused
