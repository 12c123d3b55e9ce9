# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What users run instead of the walk: a bash and curl loop, ``crane validate``, and wrk as the measure of what the registry can serve."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from .measure import Run, run

# The incident's verification step: one process a request, manifests by GET, configs and layers by HEAD.
CURL_LOOP = r"""
accept='Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
bad=0
get() { curl -fsS $opts -H "$accept" "$base/$1"; }
head() { curl -fsSI $opts -o /dev/null "$base/$1" || bad=1; }
while read -r repository tag; do
  index=$(get "$repository/manifests/$tag") || { bad=1; continue; }
  for child in $(printf %s "$index" | grep -o '"digest": *"sha256:[0-9a-f]*"' | cut -d'"' -f4); do
    manifest=$(get "$repository/manifests/$child") || { bad=1; continue; }
    for blob in $(printf %s "$manifest" | grep -o '"digest": *"sha256:[0-9a-f]*"' | cut -d'"' -f4); do
      head "$repository/blobs/$blob"
    done
  done
done
exit $bad
"""

# wrk asks for the same mix, each thread from its own place in the list.
WRK_SCRIPT = r"""
local requests, position = {}, 0
function setup(thread) counter = (counter or 0) + 1; thread:set("id", counter) end
function init(args)
  for line in io.lines(args[1]) do
    local path, range = line:match("(%S+) (%S+)")
    local headers = {["Accept"] = ACCEPT}
    if range ~= "-" then headers["Range"] = range end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  position = math.floor(#requests / 2) * (id - 1)
end
function request() position = position % #requests + 1; return requests[position] end
"""


def curl_loop(base: str, tags: list[tuple[str, str]], opts: str, folder: Path) -> Callable[[], Run]:
    """The loop over ``tags``."""
    listing = folder / "tags.txt"
    listing.write_text("".join(f"{repository} {tag}\n" for repository, tag in tags))
    script = folder / "loop.sh"
    script.write_text(f"base={base}/v2 opts='{opts}'\nexec <{listing}\n{CURL_LOOP}")
    return lambda: run(["bash", str(script)])


def crane_loop(address: str, tags: list[tuple[str, str]], folder: Path, crane: str) -> Callable[[], Run]:
    """``crane validate --fast``, one process a tag."""
    script = folder / "crane.sh"
    script.write_text(
        "".join(
            f"{crane} validate --insecure --remote {address}/{repository}:{tag} --fast || bad=1\n" for repository, tag in tags
        )
    )
    return lambda: run(["bash", str(script)])


def wrk(base: str, mix: list[tuple[str, str]], folder: Path, seconds: int, accept: str) -> Callable[[], Run]:
    """wrk over ``mix`` of (path, range or '-')."""
    if not shutil.which("wrk"):
        raise SystemExit("benchmarks: wrk is not on PATH. Install it: apt-get install wrk")
    listing = folder / "mix.txt"
    listing.write_text("".join(f"{path} {span}\n" for path, span in mix))
    script = folder / "mix.lua"
    script.write_text(f'local ACCEPT = "{accept}"\n{WRK_SCRIPT}')
    return lambda: run(["wrk", "-t2", "-c8", f"-d{seconds}s", "-s", str(script), base, "--", str(listing)])


def rate_of(result: Run) -> float:
    """Requests a second that wrk reports; 0 where it reports none, or answers that were no success."""
    if "Non-2xx" in result.output:
        return 0.0
    match = re.search(r"Requests/sec:\s+([0-9.]+)", result.output)
    return float(match[1]) if match else 0.0


def find(name: str, hint: str | None = None) -> str | None:
    """A program on PATH, or ``hint`` if that is one."""
    return hint if hint and Path(hint).exists() else shutil.which(name)
