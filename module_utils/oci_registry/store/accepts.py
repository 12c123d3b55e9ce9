# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Which bytes Distribution can read as a manifest: what it cannot, it answers with status 500 instead of serving it.

Needed only for damaged and foreign manifests. The rules are those of Go's ``encoding/json`` for the structures of Distribution
2.8 and 3.x: keys match whatever their case, bytes that are no UTF-8 pass inside strings, null fits everywhere, a value of
another type than the field's does not, and unknown fields are ignored.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Dict, List, Tuple

from ..model import DOCKER_LIST, DOCKER_MANIFEST, MAX_MANIFEST_BYTES, OCI_INDEX, OCI_MANIFEST

DIALECTS = ("2", "3")

_Fields = Dict[str, Any]  # key in lower case: shape of its value
_TEXT, _NUMBER, _BYTES = "text", "number", "bytes"
_TEXTS, _TEXT_MAP = ("list", _TEXT), ("map", _TEXT)
_PLATFORM: _Fields = {"architecture": _TEXT, "os": _TEXT, "os.version": _TEXT, "os.features": _TEXTS, "variant": _TEXT}
_LIST_PLATFORM = {**_PLATFORM, "features": _TEXTS}
_VERSIONED = {"schemaversion": _NUMBER, "mediatype": _TEXT}


def _structures(descriptor: _Fields, index_platform: _Fields, index_extra: _Fields) -> Dict[str, _Fields]:
    """The fields of each kind of manifest, by its media type."""
    blob = {**descriptor, "platform": _PLATFORM}
    schema2 = {**_VERSIONED, "config": blob, "layers": ("list", blob)}
    docker_list = {**_VERSIONED, "manifests": ("list", {**descriptor, "platform": _LIST_PLATFORM})}
    index = {**_VERSIONED, "manifests": ("list", {**descriptor, "platform": index_platform}), **index_extra}
    return {
        DOCKER_MANIFEST: schema2,
        OCI_MANIFEST: {**schema2, "annotations": _TEXT_MAP},
        DOCKER_LIST: docker_list,
        OCI_INDEX: index,
    }


_DESCRIPTOR_2 = {"mediatype": _TEXT, "size": _NUMBER, "digest": _TEXT, "urls": _TEXTS, "annotations": _TEXT_MAP}
_DESCRIPTOR_3 = {**_DESCRIPTOR_2, "data": _BYTES, "artifacttype": _TEXT}
_STRUCTURES = {
    "2": _structures(_DESCRIPTOR_2, _LIST_PLATFORM, {}),
    "3": _structures(_DESCRIPTOR_3, _PLATFORM, {"annotations": _TEXT_MAP}),
}


class _Pairs(List[Tuple[str, Any]]):
    """A JSON object with its keys as written, doubles included."""


class _Fraction:
    """A number with a fraction or an exponent, which no integer field takes."""


def accepts(content: bytes, dialect: str) -> bool:
    """Whether Distribution of that ``dialect`` ("2" for 2.8, "3" for 3.x) serves these bytes as a manifest."""
    if len(content) > MAX_MANIFEST_BYTES:
        return False
    try:
        document = _load(content)
    except ValueError:
        return False
    except RecursionError:  # Go nests deeper before it gives up
        return True
    if not isinstance(document, _Pairs) or not _fits(document, _VERSIONED):
        return False
    fields = {key.lower(): value for key, value in document if value is not None}
    version = fields.get("schemaversion", 0)
    if version == 1:
        return dialect == "2"  # signed anew each time it is served
    return bool(version == 2) and _fits_kind(document, fields, _STRUCTURES[dialect])


def _fits_kind(document: _Pairs, fields: Dict[str, Any], structures: Dict[str, Dict[str, Any]]) -> bool:
    media_type = fields.get("mediatype", "")
    if media_type:
        return media_type in structures and _fits(document, structures[media_type])
    if not _fits(document, structures[OCI_INDEX]):
        return False
    return fields.get("manifests") is not None or _fits(document, structures[OCI_MANIFEST])


def _load(content: bytes) -> Any:
    return json.loads(
        content.decode("utf-8", "replace"),
        object_pairs_hook=_Pairs,
        parse_float=lambda _text: _Fraction(),
        parse_constant=_refuse,
    )


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _fits(value: Any, shape: Any) -> bool:
    """Whether Go would store ``value`` in a field of that shape."""
    if value is None:
        return True
    if isinstance(shape, dict):
        return isinstance(value, _Pairs) and all(_fits(item, shape[key.lower()]) for key, item in value if key.lower() in shape)
    if isinstance(shape, tuple):
        kind, inner = shape
        if kind == "list":
            return isinstance(value, list) and not isinstance(value, _Pairs) and all(_fits(item, inner) for item in value)
        return isinstance(value, _Pairs) and all(_fits(item, inner) for _key, item in value)
    if shape == _NUMBER:
        return type(value) is int and -(1 << 63) <= value < 1 << 63
    return isinstance(value, str) and (shape == _TEXT or _is_base64(value))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
