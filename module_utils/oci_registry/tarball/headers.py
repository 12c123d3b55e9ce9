# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The headers of a tar archive, one after the other: ustar, GNU and pax. Pure but for ``read``.

``tarfile`` reads into memory whatever size a header claims, and had its share of endless loops; here every size is checked against the
archive's own, and names and pax records have limits.
"""

from __future__ import annotations

from typing import Callable, Dict, Iterator, NamedTuple

BLOCK = 512
#: more than any image has; a longer list is only ever hostile
MAX_MEMBERS = 200_000
_MAX_NAME_BYTES = 1 << 16
_MAX_PAX_BYTES = 1 << 20
_FILES, _LINKS = (b"0", b"\0", b"7"), (b"1", b"2")
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")

#: gives ``count`` bytes from ``offset``, fewer only at the end
Read = Callable[[int, int], bytes]


class Header(NamedTuple):
    """One member. ``target`` is where a link leads (``hard``: from the root of the archive, else from its own folder)."""

    name: str
    size: int  # bytes
    offset: int  # of its first byte
    is_file: bool
    target: str = ""
    hard: bool = False


class DamagedTar(ValueError):
    """The archive cannot be read any further; the message says why and where."""


def headers(read: Read, end: int) -> Iterator[Header]:
    """Every member that lies wholly below ``end`` bytes. Raises :class:`DamagedTar` where the archive does not end as it should."""
    position, said = 0, {}  # type: int, Dict[str, str]
    for _number in range(MAX_MEMBERS):
        block = read(position, BLOCK)
        if len(block) < BLOCK:
            raise DamagedTar(f"ends early, at byte {position + len(block)}")
        if not any(block):
            return
        kind, size = block[156:157], _size(block, position)
        if kind not in _WITHOUT_DATA and kind not in b"LKxg":
            size = int(said.get("size", size))
        following = position + BLOCK + (0 if kind in _WITHOUT_DATA else -(-size // BLOCK) * BLOCK)
        if kind not in _WITHOUT_DATA and position + BLOCK + size > end:
            raise DamagedTar(f"ends early: the member at byte {position} claims {size} bytes, {end - position - BLOCK} are there")
        if kind in b"LKx":
            said.update(_extension(kind, size, position, read))
        elif kind != b"g":
            yield _header(block, kind, size, position, said)
            said = {}
        position = following
    raise DamagedTar(f"has more than {MAX_MEMBERS} members")


def _header(block: bytes, kind: bytes, size: int, position: int, said: Dict[str, str]) -> Header:
    if kind == b"S" or any(key.startswith("GNU.sparse") for key in said):
        raise DamagedTar(f"has a sparse member at byte {position}, which is not read here")
    name = said.get("path") or _name(block)
    target = (said.get("linkpath") or _text(block[157:257])) if kind in _LINKS else ""
    return Header(name, size, position + BLOCK, kind in _FILES, target, kind == b"1")


def _name(block: bytes) -> str:
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{_text(block[:100])}" if prefix else _text(block[:100])


def _size(block: bytes, position: int) -> int:
    """The size that a header claims, once its checksum was found right."""
    unsigned = sum(block[:148]) + 256 + sum(block[156:])
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    if _number(block[148:156]) not in (unsigned, signed):
        raise DamagedTar(f"has no valid header at byte {position}")
    size = _number(block[124:136])
    if size < 0:
        raise DamagedTar(f"has a member without a valid size at byte {position}")
    return size


def _number(field: bytes) -> int:
    """Octal digits, or base 256 as GNU writes it; -1 for neither."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if b"_" not in digits else -1
    except ValueError:
        return 0 if not digits else -1


def _extension(kind: bytes, size: int, position: int, read: Read) -> Dict[str, str]:
    """What a GNU long name or a pax header says of the member that follows."""
    if size > (_MAX_PAX_BYTES if kind == b"x" else _MAX_NAME_BYTES):
        raise DamagedTar(f"has a header of {size} bytes at byte {position}")
    content = read(position + BLOCK, size)
    if kind != b"x":
        return {"path" if kind == b"L" else "linkpath": _text(content)}
    return _pax(content, position)


def _pax(content: bytes, position: int) -> Dict[str, str]:
    """The records ``<length> <key>=<value>`` and a line end, each as long as it says."""
    said, start = {}, 0
    while start < len(content) and content[start : start + 1] != b"\0":
        digits, blank, _rest = content[start : start + 20].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = content[start + len(digits) + 1 : start + length]
        key, equals, value = record[:-1].partition(b"=")
        if not blank or not equals or len(record) < 3 or start + length > len(content):
            raise DamagedTar(f"has a pax header that is none at byte {position}")
        said[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        start += length
    if not said.get("size", "0").isdigit() or len(said.get("size", "")) > 20:
        raise DamagedTar(f"has a member without a valid size at byte {position}")
    return said


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
