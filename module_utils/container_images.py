# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images the containers of this host use, as the command lines of Docker and Podman tell."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterable, List, Sequence, Set, Tuple

from .image_uses.use import CONTAINER, Use, use
from .oci_registry.digest import is_digest
from .oci_registry.errors import CommandFailed

ENGINES = ("docker", "podman")
#: runs a command: its exit code, standard output and standard error
Run = Callable[[List[str]], Tuple[int, str, str]]
Record = Dict[str, Any]
_BATCH = 100  # identifiers on one command line
_NONE = "<none>"
#: what engines say of something that they do not have, while they tell of the rest
_UNKNOWN = ("no such", "not known", "not found")


def images_in_use(run: Run, engine: str, *, stopped: bool) -> List[Record]:
    """One record for each container of an engine: ``engine``, ``id``, ``name``, ``image``, ``image_id``, ``digests``, ``references``.

    ``stopped``: those that do not run, too. Raises :class:`CommandFailed` where the engine does not tell: nobody must take that for "none".
    """
    containers = _containers(run, engine, stopped)
    wanted = sorted({str(record["Image"]) for record in containers})
    images = {_bare(str(image["Id"])): image for image in _inspect(run, engine, "image", wanted)}
    return [_record(engine, container, images.get(_bare(str(container["Image"])), {})) for container in containers]


def summarize(records: Iterable[Record]) -> Dict[str, List[str]]:
    """All ``digests`` and ``references`` of some records, each once."""
    digests: Set[str] = set()
    references: Set[str] = set()
    for record in records:
        digests.update(record["digests"])
        references.update(record["references"])
    return {"digests": sorted(digests), "references": sorted(references)}


def uses_of(records: Iterable[Record], host: str) -> List[Use]:
    """A use for each container; for one that was made from an identifier, one for each reference of its image.

    The identifier of an image is among the digests: it is that of its config, or, where the engine keeps content as containerd does, of its index.
    """
    found: List[Use] = []
    for record in records:
        own = record["image"] if record["image"] in record["references"] else ""
        identifier = f"sha256:{_bare(record['image_id'])}"
        for reference in [own] if own else record["references"] or [""]:
            name = record["name"] or record["id"][:12]
            found.append(use(CONTAINER, host, name, reference, digests=[*record["digests"], identifier], detail=record["engine"]))
    return found


def _containers(run: Run, engine: str, stopped: bool) -> List[Record]:
    """What the engine tells of each container. One that ends meanwhile is none any more."""
    for _attempt in range(3):
        wanted = _list(run, engine, stopped)
        found = _inspect(run, engine, "container", wanted)
        missing = set(wanted).difference(str(record["Id"]) for record in found)
        if not missing.intersection(_list(run, engine, stopped) if missing else ()):
            return found
    raise CommandFailed(f"{engine} lists containers and does not tell of them", where=f"{engine} container inspect")


def _list(run: Run, engine: str, stopped: bool) -> List[str]:
    command = [engine, "ps", "--quiet", "--no-trunc", *(["--all"] if stopped else [])]
    code, output, problem = run(command)
    if code != 0:
        advice = "Is its daemon running, and may this user ask it?"
        raise CommandFailed(f"ended with {code}: {problem.strip()[:300]}", where=" ".join(command), advice=advice)
    return output.split()


def _inspect(run: Run, engine: str, kind: str, wanted: Sequence[str]) -> List[Record]:
    """What the engine tells of some containers or images. Those that it does not know are left out: it tells of the others all the same."""
    found: List[Record] = []
    for start in range(0, len(wanted), _BATCH):
        command = [engine, kind, "inspect", *wanted[start : start + _BATCH]]
        code, output, problem = run(command)
        known = any(words in problem.lower() for words in _UNKNOWN)
        try:
            if code != 0 and not known:
                raise ValueError
            records = json.loads(output or "[]")
            found.extend({**record, "Id": record["Id"]} for record in records)
        except (ValueError, TypeError, KeyError):
            what = f"ended with {code}, and wrote no list of {kind}s: {(problem or output).strip()[:300]}"
            raise CommandFailed(what, where=f"{engine} {kind} inspect") from None
    return found


def _record(engine: str, container: Record, image: Record) -> Record:
    config = container.get("Config") or {}
    name = str(config.get("Image") or container.get("ImageName") or "")
    named = [str(item).partition("@")[2] for item in image.get("RepoDigests") or ()]
    named += [str(image.get("Digest") or ""), str(container.get("ImageDigest") or ""), name.partition("@")[2]]
    tags = [str(tag) for tag in image.get("RepoTags") or () if _NONE not in str(tag)]
    own = [] if _is_identifier(name, str(container["Image"])) else [name]
    return {
        "engine": engine,
        "id": str(container["Id"]),
        "name": str(container.get("Name") or "").lstrip("/"),
        "image": name,
        "image_id": str(container["Image"]),
        "digests": sorted({digest for digest in named if is_digest(digest)}),
        "references": sorted({*tags, *own} - {""}),
    }


def _is_identifier(name: str, image_id: str) -> bool:
    """Whether a container was made from the identifier of an image, rather than from a reference."""
    return is_digest(name) or (len(name) >= 12 and _bare(image_id).startswith(name))


def _bare(image_id: str) -> str:
    return image_id.rpartition(":")[2]
