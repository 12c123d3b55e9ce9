# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Tar archives are read as tarfile reads them, and whatever is wrong with one ends in a sentence."""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.errors import BadInput, StoreUnreadable
from ansible.module_utils.oci_registry.tarball import Tarball, headers, plain

from plugins.contents import add

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
FILES = {"a": b"first", "b/c": b"x" * 1000, "empty": b"", "deep/" * 18 + "file": b"y" * 512}
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(files, format=, change=)``: the path of an archive; ``change`` takes its bytes and gives others."""

    def make(files: dict[str, bytes], format: str = "gnu", change: Callable[[bytes], bytes] = bytes) -> str:  # noqa: A002
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w", format=FORMATS[format]) as tar:
            for name, content in files.items():
                add(tar, name, content)
        path = tmp_path / "archive.tar"
        path.write_bytes(change(target.getvalue()))
        return str(path)

    return make


def read(path: str) -> dict[str, bytes]:
    tar = Tarball(path)
    try:
        return {name: b"".join(tar.chunks(tar.members(name)[0])) for name in tar.names()}
    finally:
        tar.close()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind: str, write: Write) -> None:
    assert read(write(FILES, kind)) == FILES


def test_names_and_sizes_beyond_what_a_header_holds(write: Write, tmp_path: Path) -> None:
    long = {"n" * 300 + "/ü": b"long", "next": b"short"}
    assert read(write(long, "gnu")) == long
    assert read(write(long, "pax")) == long


def test_a_size_that_only_a_pax_header_or_base_256_can_say() -> None:
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        info = tarfile.TarInfo("huge")
        info.size = 20 << 30
        head = info.tobuf(form)
        end = len(head) + info.size

        def at(offset: int, count: int, head: bytes = head) -> bytes:
            return head[offset : offset + count].ljust(count, b"\0")

        assert [(found.name, found.size) for found in headers.headers(at, end)] == [("huge", 20 << 30)]


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: gzip.compress(content[:700]) + gzip.compress(content[700:])])
def test_gzip_is_spooled_and_leaves_nothing(pack, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    assert read(write(FILES, change=pack)) == FILES
    assert list((tmp_path / "spool").iterdir()) == []


def test_gzip_fills_no_disk(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "KEPT_FREE", 1 << 60)
    with pytest.raises(StoreUnreadable, match="has no room to be decompressed"):
        Tarball(write(FILES, change=gzip.compress))


def test_a_gzip_that_breaks_off_has_what_came_before(write: Write) -> None:
    noise = {"first": random.Random(1).randbytes(3 << 20), "second": random.Random(2).randbytes(3 << 20)}
    tar = Tarball(write(noise, change=lambda content: gzip.compress(content)[: 4 << 20]))
    assert tar.names() == ["first"]
    assert "damaged" in tar.damage
    tar.close()


@pytest.mark.parametrize(("magic", "word"), [(b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh9", "bzip2")])
def test_what_cannot_be_decompressed_is_named(magic: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(magic + b"\0" * 600)
    with pytest.raises(BadInput, match=word if word != "zstd" else "zstd|is no tar archive"):
        Tarball(str(tmp_path / "archive"))


@pytest.mark.parametrize("length", [0, 100, 512, 600, 1024, 1536])
def test_one_that_is_cut_off_has_what_is_whole(length: int, write: Write) -> None:
    path = write({"one": b"1" * 500, "two": b"2" * 600}, change=lambda content: content[:length])
    if length < 1024:
        with pytest.raises(BadInput, match="ends early"):
            Tarball(path)
        return
    tar = Tarball(path)
    assert (tar.names(), "ends early" in tar.damage) == (["one"], True)
    tar.close()


def test_a_member_that_claims_more_than_is_there_is_not_there(write: Write) -> None:
    def lie(content: bytes) -> bytes:
        info = tarfile.TarInfo("two")
        info.size = 1 << 40
        return content[:1024] + info.tobuf(tarfile.GNU_FORMAT) + content[1536:]

    tar = Tarball(write({"one": b"1", "two": b"2", "three": b"3"}, change=lie))
    assert tar.names() == ["one"]
    assert f"claims {1 << 40} bytes" in tar.damage
    tar.close()


def test_a_member_that_claims_less_ends_the_archive(write: Write) -> None:
    def lie(content: bytes) -> bytes:
        info = tarfile.TarInfo("one")
        info.size = 1
        return info.tobuf(tarfile.GNU_FORMAT) + content[512:]

    tar = Tarball(write({"one": b"1" * 2000, "two": b"2"}, change=lie))
    assert (tar.names(), tar.damage) == (["one"], "has no valid header at byte 1024")
    tar.close()


def test_links_lead_to_files_of_the_archive_only(tmp_path: Path) -> None:
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as tar:
        add(tar, "./a/file", b"bytes")
        for name, target in {
            "b/link": "../a/file",
            "b/twice": "link",
            "out": "../../etc/passwd",
            "abs": "/etc/passwd",
            "loop": "loop",
        }.items():
            add(tar, name, type=tarfile.SYMTYPE, linkname=target)
        add(tar, "hard", type=tarfile.LNKTYPE, linkname="a/file")
        add(tar, "device", type=tarfile.CHRTYPE)
    found = Tarball(str(path))
    assert found.names() == ["a/file"]
    assert [len(found.members(name)) for name in ("b/link", "b/twice", "hard", "out", "abs", "loop", "device")] == [
        1,
        1,
        1,
        0,
        0,
        0,
        0,
    ]
    found.close()


def test_of_two_files_of_one_name_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as tar:
        add(tar, "name", b"old")
        add(tar, "name", b"new!")
    found = Tarball(str(path))
    assert [member.size for member in found.members("name")] == [4, 3]
    found.close()


@pytest.mark.parametrize("kind", [b"L", b"x"])
def test_a_header_that_would_fill_the_memory_is_refused(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("name")
    info.type, info.size = kind, 100 << 20
    path = tmp_path / "archive.tar"
    with open(path, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.truncate(200 << 20)
    with pytest.raises(BadInput, match="has a header of 104857600 bytes"):
        Tarball(str(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, words in {tmp_path: "is no file", tmp_path / "nothing": "there is no such file"}.items():
        with pytest.raises(BadInput, match=words):
            Tarball(str(path))


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_ends_in_a_sentence(seed: int, write: Write) -> None:
    """Whatever is read all the same lies within the archive."""
    chance = random.Random(seed)

    def spoil(content: bytes) -> bytes:
        spoiled = bytearray(content)
        for _number in range(chance.randint(1, 30)):
            spoiled[chance.randrange(len(spoiled))] = chance.choice((0, 0x30, 0x37, 0x80, 0xFF, chance.randrange(256)))
        if seed % 2:  # with checksums that are right again, or the parser would not get far
            for start in range(0, len(spoiled), 512):
                block = spoiled[start : start + 512]
                if b"ustar" in block:
                    block[148:156] = b" " * 8
                    spoiled[start + 148 : start + 156] = b"%06o\0 " % sum(block)
        return bytes(spoiled)

    with contextlib.suppress(BadInput, StoreUnreadable):
        read(write(FILES, chance.choice(list(FORMATS)), spoil))
