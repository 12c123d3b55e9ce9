# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The password of the hosted registry is another one: it refuses us, and nothing of it is broken."""

from __future__ import annotations

import os
import secrets
import tempfile

from ...access import write_htpasswd
from ..project import BCRYPT_COST
from ..spec import HOSTED, USER
from .scene import Act, Scene, Wanted
from .stage import TARGET, Stage

_NEVER = ("BROKEN", "HEALTHY")


def credentials_expired(stage: Stage) -> Scene:
    """See the module's text. The new password is kept in files of the lab only."""
    images = stage.images()
    password = secrets.token_urlsafe(12)
    _change_htpasswd(stage, password)
    renewed = [
        stage.prepared(path, _read(path).replace(stage.vm.password, password))
        for path in (stage.vm.path("inventory", "group_vars", "hosted.yml"), stage.vm.path("password"))
    ]
    refused = Wanted(2, False, says=["authentication"], never=_NEVER)
    seen = Wanted(2, False, [], says=["INCOMPLETE", "looked over the disk", "0 critical, 0 warning"], never=_NEVER)
    acts = [
        Act("detect", "pull", Wanted(1, says=["uthenticat|nauthorized|invalid username/password"]), pull=images[:1]),
        Act("detect", "prove every image", refused, "verify", TARGET),
        Act("diagnose", "look at the disk, too", seen, "diagnose", TARGET),
        Act("repair", "write the new password into the inventory", put=renewed),
        Act("prove", "prove every image", Wanted(0, False, [], says=["HEALTHY"]), "verify", TARGET),
        Act("prove", "pull every image, all platforms", pull=images),
        Act("again", "recover has nothing to do", Wanted(0, False, []), "recover", TARGET),
    ]
    return Scene([f"gave {USER} another password in the htpasswd file of {HOSTED.name}"], [], acts, 1)


def _change_htpasswd(stage: Stage, password: str) -> None:
    """In place, since the file itself is mounted; the registry reads it anew once it has changed."""
    with tempfile.TemporaryDirectory(dir=stage.vm.folder) as folder:
        write_htpasswd(os.path.join(folder, "htpasswd"), USER, password, BCRYPT_COST)
        content = _read(os.path.join(folder, "htpasswd"))
    stage.on_machine("sh", "-c", 'cat >"$0"', stage.vm.project("htpasswd"), content=content.encode())


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
