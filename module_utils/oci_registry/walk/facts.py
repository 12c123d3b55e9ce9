# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From one HTTP answer to facts. Pure; the tables of what registries answer are in ``docs/findings.md``."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from ..client import Answer, error_codes
from ..digest import is_digest, matches, sha256_of
from ..model import MAX_MANIFEST_BYTES, Descriptor, InvalidManifest, Manifest, parse_manifest
from ..view import CORRUPT, INVALID, MISSING, Fault

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)\Z")
#: 2.8: {"Name": …, "Revision": "sha256:…"}; 3.x: "unknown manifest name=… revision=sha256:…"
_REVISION = re.compile(rb"[Rr]evision(?:=|\":\s*\")(sha256:[0-9a-f]{64})(?![0-9a-f])")
_LEGACY = re.compile(rb"unrecognized manifest schema version 1\b|[Ss]chema 1 manifest not supported")
STALE = "promises {size} bytes and delivers {got}: the running registry answers from its cache, the disk no longer has them"


class ManifestFacts(NamedTuple):
    """What the answer to one request for a manifest tells. ``digest`` is empty where not even that is known."""

    digest: str
    manifest: Optional[Manifest] = None
    size: int = 0
    fault: Optional[Fault] = None
    legacy: bool = False


class BlobFacts(NamedTuple):
    """What the answer to one request for a blob tells: its whole size, or why it is not to be had."""

    size: Optional[int] = None
    fault: Optional[Fault] = None


def manifest_facts(answer: Answer, reference: str) -> ManifestFacts:
    """Judge the answer to GET ``manifests/<reference>``, a tag or a digest."""
    asked = reference if is_digest(reference) else ""
    if answer.status != 200:
        if _is_legacy_refusal(answer):
            return ManifestFacts(asked, legacy=True)
        return ManifestFacts(asked or _revision_named(answer), fault=Fault(MISSING, "unknown", describe(answer)))
    body = answer.body
    digest = asked or _named_digest(answer) or sha256_of(body)
    if len(body) > MAX_MANIFEST_BYTES:
        return ManifestFacts(digest, fault=Fault(INVALID, "unknown", f"larger than {MAX_MANIFEST_BYTES} bytes"))
    if not answer.complete:
        return ManifestFacts(digest, fault=Fault(MISSING, "unknown", f"answers 200 and {len(body)} of {answer.length} bytes"))
    return _parsed(digest, body)


def _parsed(digest: str, body: bytes) -> ManifestFacts:
    try:
        manifest, problem = parse_manifest(body), ""
    except InvalidManifest as error:
        manifest, problem = None, str(error)
    if manifest is not None and manifest.kind == "legacy":  # its digest is of the payload without signatures
        return ManifestFacts(digest, size=len(body), legacy=True)
    if not matches(digest, body):
        return ManifestFacts(digest, fault=Fault(CORRUPT, "unknown", "the bytes served do not hash to the digest", len(body)))
    if manifest is None:
        return ManifestFacts(digest, size=len(body), fault=Fault(INVALID, "unknown", problem, len(body)))
    return ManifestFacts(digest, manifest, len(body))


def range_facts(answer: Answer, descriptor: Descriptor) -> BlobFacts:
    """Judge the answer to a GET of the last byte of a blob (of the first, for a blob of size 0)."""
    if answer.status == 206:
        total = _total(answer)
        if not answer.complete or answer.received != 1:
            return _short(answer, descriptor)
        if total is None:
            return BlobFacts(fault=Fault(CORRUPT, "unknown", "answers 206 without a valid Content-Range"))
        return BlobFacts(total)
    if answer.status == 416:
        total = _total(answer)
        if total is not None and (total != descriptor.size or not total):  # 2.8.2 answers so for any range of an empty blob
            return BlobFacts(total)
        return BlobFacts(fault=Fault(CORRUPT, "unknown", "answers 416 to a range that its descriptor allows", -1))
    return whole_facts(answer, descriptor)


def whole_facts(answer: Answer, descriptor: Descriptor) -> BlobFacts:
    """Judge the answer to a GET of a whole blob, whose bytes were counted (and elsewhere hashed) while they came."""
    if answer.status != 200:
        return BlobFacts(fault=Fault(MISSING, "unknown", describe(answer)))
    if answer.received > descriptor.size:  # read on only as far as shows that it is too long
        return BlobFacts(answer.length or answer.received)
    if not answer.complete:
        return _short(answer, descriptor)
    return BlobFacts(answer.received)


def head_facts(answer: Answer) -> BlobFacts:
    """Judge the answer to HEAD of a blob: that the registry believes to have it, no more."""
    if answer.status != 200:
        return BlobFacts(fault=Fault(MISSING, "unknown", describe(answer)))
    return BlobFacts(answer.length)


def describe(answer: Answer) -> str:
    """``answers 404 (MANIFEST_UNKNOWN)``."""
    codes = ", ".join(error_codes(answer)[:3])
    return f"answers {answer.status} ({codes})" if codes else f"answers {answer.status}"


def _short(answer: Answer, descriptor: Descriptor) -> BlobFacts:
    detail = STALE.format(size=descriptor.size, got=answer.received)
    return BlobFacts(fault=Fault(MISSING, "stale-cache", detail))


def _total(answer: Answer) -> Optional[int]:
    match = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
    return int(match[3]) if match else None


def _named_digest(answer: Answer) -> str:
    named = answer.headers.get("docker-content-digest", "")
    return named if is_digest(named) else ""


def _revision_named(answer: Answer) -> str:
    """The digest that a tag points at, where the registry names it while it says that it has no such manifest."""
    match = _REVISION.search(answer.body)
    return match[1].decode() if answer.status == 404 and match else ""


def _is_legacy_refusal(answer: Answer) -> bool:
    """Whether it is for being of schema 1 that a manifest is not served: so says 3.x, and so may others with status 400."""
    return answer.status in (400, 500) and _LEGACY.search(answer.body) is not None
