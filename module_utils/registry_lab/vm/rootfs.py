# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Images made of this machine's own programs, as a tar that ``docker import`` takes: nothing is pulled or built."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from typing import Dict, List, NamedTuple, Sequence

from ..binaries import version_of
from ..errors import LabError

_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)")
_ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\nnobody:x:65534:\nnogroup:x:65534:\n",
    "nsswitch.conf": "hosts: files dns\n",
}
_ADMINISTRATORS = ":/usr/local/sbin:/usr/sbin:/sbin"  # the end of a search path
_FOLDERS = ("tmp", "run", "root", "var/lib/registry", "var/log/nginx", "var/lib/nginx", "var/lock")
_REGISTRY_CONFIG = """\
version: 0.1
log: {fields: {service: registry}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
http: {addr: ":5000"}
"""
_ENTRYPOINT_2 = """\
#!/bin/sh
set -e
case "$1" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
"""


class Rootfs(NamedTuple):
    """What an image holds, and the instructions that ``docker import --change`` takes."""

    tar: bytes
    changes: List[str]


def registry(binary: str) -> Rootfs:
    """An image that behaves like the official one of that major version: same entry point, same place of the configuration."""
    shared = ["EXPOSE 5000", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin OTEL_TRACES_EXPORTER=none"]
    if version_of(binary)[0] < 3:
        files = {"etc/docker/registry/config.yml": _REGISTRY_CONFIG, "entrypoint.sh": _ENTRYPOINT_2}
        start = ['ENTRYPOINT ["/entrypoint.sh"]', 'CMD ["/etc/docker/registry/config.yml"]']
    else:
        files = {"etc/distribution/config.yml": _REGISTRY_CONFIG}
        start = ['ENTRYPOINT ["registry"]', 'CMD ["serve", "/etc/distribution/config.yml"]']
    return Rootfs(_tar({"bin/registry": binary}, files), [*shared, *start])


def nginx() -> Rootfs:
    """An image of this machine's nginx in the foreground, its log on the container's output."""
    start = """ENTRYPOINT ["/usr/sbin/nginx", "-g", "daemon off;"]"""
    return Rootfs(_tar({"usr/sbin/nginx": program("nginx")}, {}), [start])


def program(name: str) -> str:
    """Absolute path of a program, those for administrators included; LabError where there is none."""
    found = shutil.which(name, path=os.environ.get("PATH", os.defpath) + _ADMINISTRATORS)
    if found is None:
        raise LabError(f"needs {name}", advice="On Debian or Ubuntu: apt-get install " + PACKAGES.get(name, name))
    return found


#: Packages of Debian and Ubuntu, by the program for which they are needed.
PACKAGES = {
    "busybox": "busybox-static",
    "docker": "docker.io",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "nginx": "nginx",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}


def _tar(programs: Dict[str, str], files: Dict[str, str]) -> bytes:
    busybox = program("busybox")
    if _libraries(busybox):
        raise LabError("is not linked statically", where=busybox, advice="apt-get install busybox-static")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        _add_folders(tar)
        _add_links(tar, busybox)
        for name, text in {**{f"etc/{name}": text for name, text in _ETC.items()}, **files}.items():
            _add_file(tar, name, text.encode(), 0o755 if text.startswith("#!") else 0o644)
        for name, path in {"bin/busybox": busybox, **programs, **_all_libraries(list(programs.values()))}.items():
            with open(path, "rb") as file:
                _add_file(tar, name, file.read(), 0o755)
    return packed.getvalue()


def _add_folders(tar: tarfile.TarFile) -> None:
    for name in _FOLDERS:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(entry)


def _add_links(tar: tarfile.TarFile, busybox: str) -> None:
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in applets:
        if name == "busybox":
            continue
        entry = tarfile.TarInfo(f"bin/{name}")
        entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(entry)


def _add_file(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _all_libraries(programs: Sequence[str]) -> Dict[str, str]:
    found = dict.fromkeys(path for each in programs for path in _libraries(each))
    return {path.lstrip("/"): path for path in found}


def _libraries(path: str) -> List[str]:
    """The libraries of a program, its loader included; none where it is linked statically."""
    answer = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    return [found.group(1) for found in map(_LIBRARY.search, answer.stdout.splitlines()) if found]
