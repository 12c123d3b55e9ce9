# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Files are damaged or lost. First a plain push of the very same images is shown to answer 201 and to heal nothing."""

from __future__ import annotations

from typing import List

from ..damage import Damage, damage
from ..errors import LabError
from ..images import build, digest_of, image
from .stage import SEEN_BY_ALL, SEEN_BY_BYTES, SEEN_BY_CONTENT, Expectation, Scene, Stage, push_all

_BAD_FILES = (
    ("layer-emptied", "team/api", "1.0", SEEN_BY_BYTES, "a layer cut to 0 bytes"),
    ("layer-corrupt", "team/web", "1.0", SEEN_BY_CONTENT, "a layer with wrong bytes of the right size"),
    ("child-halved", "team/jobs", "1.0", SEEN_BY_ALL, "a child manifest cut in half"),
)
_LOST_FILE = ("config-gone", "team/auth", "1.0", SEEN_BY_BYTES, "a config removed")


def damaged_blobs(stage: Stage) -> Scene:
    """See the module's text."""
    registry = stage.registry(cache=False)
    images = [(repository, "1.0", build(repository)) for repository in ("team/api", "team/web", "team/jobs", "team/auth")]
    images.append(("team/intact", "1.0", image("intact")))
    push_all(registry, images)
    source = stage.layout(made for _repository, _tag, made in images)
    expected: List[Expectation] = []
    bad = []
    for kind, repository, tag, proofs, _what in _BAD_FILES:
        bad.append(damage(kind, registry.root, repository, tag))
        expected += Expectation.of(bad[-1], proofs)
    before = [_content(done) for done in bad]
    push_all(registry, images)
    evidence = _nothing_healed(bad, before)
    kind, repository, tag, proofs, _what = _LOST_FILE
    expected += Expectation.of(damage(kind, registry.root, repository, tag), proofs)
    broken = [f"{repository}:{tag}: {what}" for _kind, repository, tag, _proofs, what in (*_BAD_FILES, _LOST_FILE)]
    return Scene(broken, evidence, expected, ("bytes", "content"), (source,))


def _nothing_healed(bad: List[Damage], before: List[bytes]) -> List[str]:
    """Every answer to the push was 201, or it would have raised; LabError if it changed a file after all."""
    for done, content in zip(bad, before):
        after = _content(done)
        if after != content or digest_of(after) == done.digest:
            raise LabError(
                "a push replaced a damaged file, which no known registry does", where=f"{done.repository}@{done.digest}"
            )
    return [f"pushed {done.repository} again: every answer was 201, and {done.digest} is as broken as before" for done in bad]


def _content(done: Damage) -> bytes:
    with open(done.path, "rb") as file:
        return file.read()
