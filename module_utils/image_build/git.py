# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A commit of a Git repository, checked out into a private folder: no prompts, no credentials on a command line."""

from __future__ import annotations

import os
import re
from typing import Dict, Optional, Tuple
from urllib.parse import urlsplit, urlunsplit

from ..oci_registry.errors import BadInput
from .errors import RefMissing, SourceFailed
from .masking import HIDDEN
from .shell import Done, Shell

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHORT = re.compile(r"[0-9a-f]{7,63}\Z")
_AUTHENTICATION = ("could not read username", "could not read password", "authentication failed", "permission denied (")
_ADVICE = "Name a branch, or a commit in full"
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "0", "GIT_LFS_SKIP_SMUDGE": "0"}


class Git:
    """One repository. ``url`` may hold credentials: they go into a file of ``folder``, which only git reads."""

    def __init__(self, url: str, shell: Shell, folder: str) -> None:
        self.url, self.userinfo = split_url(url)
        self.shown = shown_url(url)
        self._shell = shell
        self._folder = folder
        self._named = ""  # the commit of a branch or tag whose name may be the beginning of a commit's

    def resolve(self, ref: str) -> str:
        """The commit that ``ref`` is now; empty where only a clone can tell, since it may be the beginning of a commit's name."""
        heads = self._git("ls-remote", self.url, apart=True)
        if heads.code:
            raise self._refused(heads, "cannot be asked")
        if _COMMIT.match(ref):
            return ref
        found = {name: commit for commit, tab, name in (line.partition("\t") for line in heads.text.splitlines()) if tab}
        names = [name for name in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}") if name in found]
        self._named = found.get(f"{names[0]}^{{}}", found[names[0]]) if names else ""
        if not names and not _SHORT.match(ref):
            raise RefMissing(f"has no branch, tag or commit {ref!r}", where=self.shown, advice=_ADVICE)
        return "" if _SHORT.match(ref) else self._named

    def checkout(self, target: str, commit: str, ref: str) -> str:
        """Check the commit out into ``target``; its full name.

        It is asked for by name: a branch may have moved since :meth:`resolve`. Where ``commit`` is empty, ``ref`` is a commit if it can be one,
        and only else the branch or tag of that name: who names a commit must not get what somebody else calls so.
        """
        self._must("init", "--quiet", target)
        if not commit or self._git("fetch", "--quiet", "--depth=1", "--no-tags", self.url, commit, cwd=target).code:
            self._fetch_all(target)  # also where a server gives no single commit
        name = self._commit(target, commit or ref) or self._commit(target, self._named)
        if not name:
            raise RefMissing(f"has no commit {commit or ref}", where=self.shown, advice=_ADVICE)
        self._must("checkout", "--quiet", "--detach", name, cwd=target)
        return name

    def _commit(self, target: str, name: str) -> str:
        """The full name of a commit that was fetched; empty where there is none."""
        if not name:
            return ""
        done = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", cwd=target, apart=True)
        return done.text.strip() if done.code == 0 else ""

    def _fetch_all(self, target: str) -> None:
        done = self._git("fetch", "--quiet", "--no-tags", self.url, "+refs/*:refs/fetched/*", cwd=target)
        if done.code:
            raise self._refused(done, "cannot be fetched")

    def _must(self, *arguments: str, cwd: Optional[str] = None) -> None:
        done = self._git(*arguments, cwd=cwd)
        if done.code:
            raise self._refused(done, f"git {arguments[0]} failed")

    def _git(self, *arguments: str, cwd: Optional[str] = None, apart: bool = False) -> Done:
        helper = ["-c", "credential.helper="]
        if self.userinfo:
            helper += ["-c", f"credential.helper=store --file={self._kept()}"]
        return self._shell.run(["git", *helper, *arguments], env=self._environment(), cwd=cwd, apart=apart)

    def _environment(self) -> Dict[str, str]:
        ssh = os.environ.get("GIT_SSH_COMMAND") or "ssh -o BatchMode=yes -o ConnectTimeout=20"
        return {**_QUIET, "GIT_SSH_COMMAND": ssh}

    def _kept(self) -> str:
        """The file that only git reads, with what it would ask a person for; its path."""
        path = os.path.join(self._folder, "credentials")
        scheme, host, *_rest = urlsplit(self.url)
        line = f"{scheme}://{self.userinfo if ':' in self.userinfo else self.userinfo + ':'}@{host}\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line)
        return path

    def _refused(self, done: Done, what: str) -> SourceFailed:
        said = [line for line in done.lines if line.lower().startswith(("fatal:", "error:", "ssh:", "remote:"))] or done.lines
        text = " ".join(said[-2:])[:400].replace(HIDDEN + "@", "")
        if any(word in done.said.lower() for word in _AUTHENTICATION):
            advice = "Its credentials are missing or wrong: put a read-only token into the url, or a key where ssh finds it"
        else:
            advice = "See its address, and whether this host reaches it"
        return SourceFailed(f"{what}: {text or f'git ended with {done.code}'}", where=self.shown, advice=advice)


def split_url(url: str) -> Tuple[str, str]:
    """A url without its credentials, and those; ssh users stay. Raises :class:`BadInput` for what git would take as an option."""
    if url.startswith("-") or "::" in url.partition("/")[0]:
        raise BadInput("is no url of a Git repository", where=shown_url(url))
    try:
        parts = urlsplit(url) if "://" in url else None
    except ValueError:
        raise BadInput("is no url of a Git repository", where=shown_url(url)) from None
    if parts is None or parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return url, ""
    userinfo, _at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), userinfo


def shown_url(url: str) -> str:
    """A url as it may be shown."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url[:200]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:200]


def check_ref(ref: str) -> str:
    """Return ``ref``, or raise :class:`BadInput` for what is none."""
    if not ref or ref.startswith("-") or any(char.isspace() or char in "~^:?*[\\" for char in ref) or ".." in ref:
        raise BadInput(f"ref {ref[:100]!r} is no branch, tag or commit", advice="With git, name what is to be built")
    return ref
