# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""image_build: which commit it is that a name names, and that it stays it."""

from __future__ import annotations

import subprocess

import pytest

from plugins.builders import make_source

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]


def git(site, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    subprocess.run(["/usr/bin/git", *identity, *arguments], cwd=site.source, check=True)


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_a_branch_that_moves_meanwhile(a_builder, site, image_build, programs, monkeypatch, protocol):
    """A server of protocol 0 gives no commit that no branch is at."""
    for name, value in {"COUNT": "1", "KEY_0": "protocol.version", "VALUE_0": protocol}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    as_somebody = "-c user.name=a -c user.email=a@example.invalid"
    commit = f"/usr/bin/git -C {site.source} {as_somebody} commit --quiet --allow-empty --message later"
    programs.rule("git", "fetch", f'{commit}; exec /usr/bin/git "$@"')
    done = image_build(**site.options())
    assert (done.get("code"), done["commit"]) == (None, site.commit), done


def test_a_name_that_may_be_a_commit_is_one_where_there_is_one(a_builder, site, image_build):
    short = site.commit[:8]
    other = make_source(site.source, "other\n")
    for branch in (short, "20261127"):
        git(site, "branch", branch, other)
    git(site, "tag", "--annotate", "--message", "a tag", "7654321", other)
    wanted = {short: site.commit, f"refs/heads/{short}": other, "20261127": other, "7654321": other}
    built = {ref: image_build(**site.options(ref=ref)) for ref in wanted}
    assert {ref: one.get("commit") for ref, one in built.items()} == wanted, built


def test_a_branch_among_thousands_of_refs(a_builder, site, image_build):
    """More than 256 KiB of them come after it and before the tag of the same name."""
    other = make_source(site.source, "other\n")
    git(site, "tag", "main", site.commit)
    git(site, "pack-refs", "--all")
    packed = site.source / ".git" / "packed-refs"
    header, *refs = packed.read_text(encoding="ascii").splitlines()
    refs += [f"{site.commit} refs/pull/{number}/head" for number in range(5000)]
    packed.write_text("\n".join([header, *sorted(refs, key=lambda line: line.partition(" ")[2]), ""]), encoding="ascii")
    told = image_build(check=True, **site.options())
    assert (told.get("code"), told["commit"]) == (None, other), told
