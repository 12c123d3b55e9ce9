# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What changes while the walk looks is no fault: at a chosen request, a front does the change before it passes the request on."""

from __future__ import annotations

from ansible.module_utils.registry_lab import images
from ansible.module_utils.registry_lab.place import place_on_disk
from ansible.module_utils.registry_lab.push import push

from modules.walk.front import before, delete


def once(trigger, change):
    """A hook that calls ``change`` when the first request whose target ends with ``trigger`` comes."""
    done = []

    def hook(seen):
        if seen.target.endswith(trigger) and not done:
            done.append(True)
            change()

    return hook


def test_a_tag_that_is_deleted_just_before_it_is_asked_for(registry, walked, serve):
    made, image = registry(), images.image("doomed")
    place_on_disk(made.root, "app", "doomed", image)
    place_on_disk(made.root, "app", "kept", images.image("kept"))
    hook = once("/manifests/doomed", lambda: delete(made, "app", image.digest))
    report = walked(serve(before(made, hook)))
    assert report.healthy and not report.findings
    assert report.summary["tags"] == 1


def test_an_index_that_is_deleted_child_by_child_under_the_walk(registry, walked, serve):
    made, index = registry(), images.build("doomed")
    place_on_disk(made.root, "app", "doomed", index)
    child = index.children[0].digest

    def remove():
        delete(made, "app", child)
        delete(made, "app", index.digest)

    report = walked(serve(before(made, once(child, remove))))
    assert report.healthy and not report.findings
    assert report.summary["tags"] == 0


def test_a_tag_that_moves_to_another_image_under_the_walk(registry, walked, serve):
    made, old, new = registry(), images.build("old"), images.build("new")
    push(made, "app", "latest", old)
    child = old.children[0].digest

    def move():
        push(made, "app", "latest", new)
        for item in (child, old.digest):
            delete(made, "app", item)

    report = walked(serve(before(made, once(child, move))))
    assert report.healthy and not report.findings
    assert report.summary["tags"] == 1


def test_a_tag_that_moves_to_a_broken_image_is_accused_of_that_one(registry, walked, serve):
    made, old, new = registry(), images.build("old"), images.build("new")
    push(made, "app", "latest", old)
    lost = new.children[1].digest

    def move():
        push(made, "app", "latest", new)
        delete(made, "app", lost)
        delete(made, "app", old.children[0].digest)

    (finding,) = walked(serve(before(made, once(old.children[0].digest, move)))).findings
    assert (finding.code, finding.tags, finding.digest) == ("child-missing", ("latest",), lost)


def test_what_stays_broken_is_not_excused_by_what_is_deleted(registry, walked, serve):
    made, doomed, broken = registry(), images.image("doomed"), images.build("broken")
    place_on_disk(made.root, "app", "doomed", doomed)
    place_on_disk(made.root, "app", "broken", broken)
    delete(made, "app", broken.children[1].digest)
    report = walked(serve(before(made, once("/manifests/doomed", lambda: delete(made, "app", doomed.digest)))))
    (finding,) = report.findings
    assert (finding.code, finding.tags, finding.digest) == ("child-missing", ("broken",), broken.children[1].digest)


def test_a_repository_that_loses_its_last_tag(registry, walked, serve):
    made, image = registry(), images.image("only")
    place_on_disk(made.root, "app", "v1", image)
    report = walked(serve(before(made, once("/tags/list", lambda: delete(made, "app", image.digest)))))
    assert report.healthy and report.summary["tags"] == 0
