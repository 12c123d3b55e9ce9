# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The command line: subcommands, options, help."""

from __future__ import annotations

import argparse
import os

from ..render import FORMATS
from ..scan import DIALECTS
from ..scan import PROOFS as SCAN_PROOFS
from ..walk import PROOFS

_ABOUT = """\
Prove that the images of an OCI registry can be pulled: verify, walk and scan only read.
Keep its store small without losing any: retain and collect are for its host, and change it."""
_EXAMPLES = """\
examples:
  registry-doctor verify registry.example.com:5050/infra-ci:latest    can it be pulled, on every platform?
  registry-doctor walk --registry registry.example.com:5050           every tag of every repository
  registry-doctor scan /opt/registry/data                             on the registry's host: what exactly is wrong
  registry-doctor collect --config registry-private.json --check      on the registry's host: what a collection would do

"""
_EXIT_CODES = """\
exit codes:
  0 healthy    1 findings    2 could not look (bad options included)
"""
_UPKEEP = """\
configuration:
  JSON: {"name": "registry-private", "retain": {...}, "collect": {...}, "scan": {...}}, with the options of the Ansible
  modules registry_retention, registry_collection and registry_store_info. Mode 0600 if it holds a password, which may
  also come from REGISTRY_PASSWORD. docs/runbooks/maintenance.md tells more.

exit codes:
  0 done, or nothing to do    1 refused, or not proven    2 could not (bad options included)
"""
_CREDENTIALS = """\
credentials:
  REGISTRY_USERNAME and REGISTRY_PASSWORD in the environment, or --username with --password-file.
  HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.

"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; ``command`` of what it parses is verify, walk, scan, retain or collect."""
    whole = _formatted(argparse.ArgumentParser(prog="registry-doctor", description=_ABOUT), _EXAMPLES + _EXIT_CODES)
    commands = whole.add_subparsers(dest="command", required=True, metavar="verify | walk | scan | retain | collect")
    _verify(_formatted(commands.add_parser("verify", help="prove named images over HTTP"), _CREDENTIALS + _EXIT_CODES))
    _walk(_formatted(commands.add_parser("walk", help="prove every tag of a registry over HTTP"), _CREDENTIALS + _EXIT_CODES))
    _scan(_formatted(commands.add_parser("scan", help="prove stores on disk, without a registry"), _EXIT_CODES))
    _upkeep(_formatted(commands.add_parser("retain", help="delete what no rule keeps and nothing needs"), _UPKEEP))
    _collect(_formatted(commands.add_parser("collect", help="collect garbage without losing an image"), _UPKEEP))
    return whole


def _formatted(command: argparse.ArgumentParser, epilog: str) -> argparse.ArgumentParser:
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = epilog
    return command


def _verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("images", nargs="+", metavar="IMAGE", help="[host[:port]/]repository[:tag][@digest]")
    _add_connection(command)
    _add_output(command)


def _walk(command: argparse.ArgumentParser) -> None:
    command.add_argument("repositories", nargs="*", metavar="REPOSITORY", help="only these (default: the whole catalog)")
    limit = "only the last N tags of each, by name (default 0: all)"
    command.add_argument("--tags-per-repository", type=int, default=0, metavar="N", help=limit)
    _add_connection(command)
    _add_output(command)


def _scan(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", nargs="*", metavar="PATH", help="a registry's rootdirectory, or a folder of several")
    kinds = "what kind of store it is: one that is pushed to, or a pull-through cache (default: find out)"
    command.add_argument("--mode", choices=("auto", "hosted", "cache"), default="auto", help=kinds)
    proofs = "sizes hashes every manifest and compares the size of every blob; content also hashes every blob (default: sizes)"
    command.add_argument("--proof", choices=SCAN_PROOFS, default="sizes", help=proofs)
    dialects = "major version of the Distribution that serves the store (default: 2)"
    command.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0], help=dialects)
    command.add_argument("--config", metavar="FILE", help="take path, mode, proof and dialect from there, as a schedule does")
    _add_textfile(command)
    _add_output(command)


def _upkeep(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", required=True, help="the options; see below")
    command.add_argument("--check", action="store_true", help="only say what would be done")
    _add_textfile(command)
    command.add_argument("--output", choices=("text", "json"), default="text", help="default: text")


def _collect(command: argparse.ArgumentParser) -> None:
    _upkeep(command)
    instead = command.add_mutually_exclusive_group()
    restore = "put back what was lost since a snapshot (default: the newest), instead of collecting"
    instead.add_argument("--restore", nargs="?", const="", metavar="SNAPSHOT", help=restore)
    expire = "remove a snapshot (default: all that are old enough), instead of collecting"
    instead.add_argument("--expire", nargs="?", const="", metavar="SNAPSHOT", help=expire)


def _add_textfile(command: argparse.ArgumentParser) -> None:
    command.add_argument("--textfile", metavar="FILE", help="write the outcome there as Prometheus metrics")


def _add_connection(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    default = " (default: the host that the images name)" if command.prog.endswith("verify") else ""
    add("--registry", default="", metavar="HOST[:PORT]", help=f"the registry{default}")
    add("--scheme", choices=("https", "http"), default="https", help="default: https")
    add("--username", default=os.environ.get("REGISTRY_USERNAME"), help="default: $REGISTRY_USERNAME")
    add("--password-file", metavar="FILE", help="its first line; - reads standard input (default: $REGISTRY_PASSWORD)")
    add("--ca-path", metavar="PEM", help="trust these certificates besides the system's")
    add("--insecure-skip-tls-verify", action="store_true", help="accept any certificate: whoever answers may lie")
    add("--timeout", type=float, default=30.0, metavar="SECONDS", help="for each connect and read (default: 30)")
    add("--concurrency", type=int, default=8, metavar="N", help="requests at once, 1 to 64 (default: 8)")
    proofs = "bytes fetches the last byte of each blob, content all of them; manifests and head prove less (default: bytes)"
    add("--proof", choices=PROOFS, default="bytes", help=proofs)
    add("--referrers", action="store_true", help="also ask the referrers API about each tag")


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", choices=tuple(FORMATS), default="text", help="default: text")
    command.add_argument("--quiet", action="store_true", help="no progress on standard error")
