# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The role image_rebuild after a build on the machine that was killed while it pushed: nothing of it stays, whichever way is taken now."""

from __future__ import annotations

import os
import signal

import pytest
from ansible.module_utils.oci_registry.commands import start_time

from modules.image_build.test_builds import left_behind
from modules.image_build.test_killed import SECONDS, held_program, start
from playbooks.rebuilding import Rebuild
from playbooks.test_image_rebuild import names
from plugins.builders import PASSWORD, USER

pytestmark = [pytest.mark.xdist_group("builders"), pytest.mark.parametrize("a_builder", ["buildah"], indirect=True)]


def test_its_push_ends_and_its_password_goes(a_builder, any_registry, woodpecker, programs, tmp_path, request):
    rebuild = Rebuild(any_registry(htpasswd=(USER, PASSWORD, 4)), woodpecker, tmp_path)
    rebuild.break_it()
    image = {"image": f"{rebuild.registry.address}/infra-ci", "scheme": "http", "username": USER, "password": PASSWORD}
    programs.rule("buildah", "push", "hold")
    killed = start({**image, **rebuild.vm})
    waiting = held_program(programs.folder, killed)
    request.addfinalizer(lambda: start_time(waiting) and os.kill(waiting, signal.SIGKILL))
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=SECONDS)
    programs.clear()

    planned = rebuild.run(check=True)
    assert (planned["way"], names(planned)[0]) == ("ci", ("clean", "planned")), planned["stdout"]
    assert left_behind(tmp_path) and start_time(waiting)
    done = rebuild.run()
    assert (done["way"], done["problem"], names(done)[0]) == ("ci", "", ("clean", "done")), done["stdout"]
    assert (left_behind(tmp_path), start_time(waiting)) == ([], "")
    again = rebuild.run()
    assert (again["recap"], again["steps"]) == (0, []), again["stdout"]
