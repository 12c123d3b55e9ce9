# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""What lines of cron and scripts do to a registry: what is found, what is not, and what is left to a person."""

from __future__ import annotations

import pytest
from ansible.module_utils.scheduled_jobs.judge import TAG_FOLDERS, UNGUARDED, UNTAGGED, others, sign_of, signs_in_shell
from ansible.module_utils.scheduled_jobs.shell import commands
from ansible.module_utils.scheduled_jobs.source import signs_in_code


def whys(text):
    return [sign.why for sign in map(sign_of, commands(text)) if sign]


@pytest.mark.parametrize(
    "line",
    [
        "docker exec registry-private registry garbage-collect -m /etc/docker/registry/config.yml",
        "/usr/bin/docker exec r /bin/registry garbage-collect --delete-untagged /etc/docker/registry/config.yml",
        "docker exec r registry garbage-collect --delete-untagged=true c.yml >> /var/log/gc.log 2>&1",
        "docker exec r registry garbage-collect /etc/docker/registry/config.yml -m",
        "flock -n /run/gc.lock nice -n 19 docker exec r registry garbage-collect -mq c.yml",
        "GC=1 docker compose -f '/opt/my registry/c.yml' exec -T r registry garbage-collect '-m' c.yml",
        "sh -c 'docker exec r registry garbage-collect -m c.yml'",
        'docker exec r sh -lc "registry garbage-collect -m c.yml"',
        "ssh root@registry.example.com 'docker exec r registry garbage-collect -m c.yml'",
        "podman exec r registry garbage-collect \\\n  -m c.yml",
        "cd /opt && docker exec r registry garbage-collect -m c.yml | logger -t gc",
        "for s in a b c; do docker exec $s registry garbage-collect -m c.yml; done",
        "test -x /usr/bin/docker && (docker exec r registry garbage-collect -m c.yml)",
    ],
)
def test_collection_of_untagged_manifests(line):
    assert whys(line) == [UNTAGGED]
    assert others(commands(line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "docker exec r registry garbage-collect c.yml",
        "docker exec r registry garbage-collect --delete-untagged=false c.yml",
        "docker stop web && docker exec r registry garbage-collect c.yml; docker start web",
    ],
)
def test_collection_without_a_guard(line):
    assert whys(line) == [UNGUARDED]
    assert others(commands(line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf /opt/registry/data/private/docker/registry/v2/repositories/*/_manifests/tags/old",
        "find /data -path '*/_manifests/tags/*' -mtime +30 -exec rm -r {} \\;",
        "find /data/_manifests/tags -mindepth 1 -mtime +30 -delete",
        "ls -d /data/*/_manifests/tags/* | xargs rm -rf /data/x/_manifests/y",
    ],
)
def test_removal_of_tag_folders(line):
    assert whys(line) == [TAG_FOLDERS]
    assert others(commands(line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "docker exec r registry garbage-collect --dry-run -m c.yml",
        "docker exec r registry garbage-collect -d -m c.yml",
        "docker exec r registry garbage-collect -dm c.yml",
        "echo docker exec r registry garbage-collect -m c.yml",
        "logger 'garbage-collect -m is over'",
        "grep -r garbage-collect -m 1 /etc",
        "# docker exec r registry garbage-collect -m c.yml",
        "true # registry garbage-collect -m c.yml",
        "git gc && nix-collect-garbage -d",
        "/usr/bin/python3 registry-doctor.pyz collect --config registry-private.json",
        "rm -rf /var/cache/registry",
        "ls /data/_manifests",
        "rm /data/_manifests/tags/x/current/link",
        "gitlab-ctl registry-garbage-collect -m",
    ],
)
def test_what_does_no_harm(line):
    assert whys(line) == []


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("docker exec r registry garbage-collect -m c.yml; pg_dump all > /backup/all.sql", ["pg_dump all"]),
        ("/opt/backup.sh && docker exec r registry garbage-collect -m c.yml", ["/opt/backup.sh"]),
        (
            "docker exec r registry garbage-collect -m c.yml && curl -fsS https://ping.example.com",
            ["curl -fsS https://ping.example.com"],
        ),
        ("docker exec r registry garbage-collect -m c.yml & docker system prune -af", ["docker system prune -af"]),
    ],
)
def test_other_work_is_named(line, other):
    assert whys(line) == [UNTAGGED]
    assert others(commands(line)) == other


def test_twenty_services_in_one_line():
    line = " && ".join(f"docker exec registry-{number} registry garbage-collect -m c.yml" for number in range(20))
    assert whys(line) == [UNTAGGED] * 20


def test_shell_script_by_its_lines():
    script = (
        '#!/bin/sh\n# rm -rf is dangerous in _manifests\nTAGS=$1/_manifests/tags\nfor t in $TAGS/*; do\n  rm -rf "$t"\ndone\n'
    )
    assert [(sign.line, "line 3" in sign.why) for sign in signs_in_shell(script)] == [(5, True)]
    assert signs_in_shell(script.replace("rm -rf", "ls -l")) == []
    assert signs_in_shell("rm -rf /tmp/x\n# _manifests\n") == []


PYTHON = '''#!/usr/bin/env python3
"""Does not rmtree, and no "garbage-collect", "-m" either."""
import shutil
from shutil import rmtree
# shutil.rmtree(_manifests)
for tag in root.glob("**/_manifests/tags/*"):
    shutil.rmtree(tag)
subprocess.run(["docker", "exec", name, "registry", "garbage-collect",
                "-m", config])
subprocess.run(["docker", "exec", name, "registry", "garbage-collect", config])
subprocess.run(["grep", "-m", "1"])
os.system("docker exec r registry garbage-collect --delete-untagged c.yml")
subprocess.run(["registry", "garbage-collect", "--dry-run", "-m", config])
'''


def test_python_script_without_its_words():
    assert sorted((sign.line, sign.why) for sign in signs_in_code(PYTHON)) == [
        (7, TAG_FOLDERS),
        (8, UNTAGGED),
        (10, UNGUARDED),
        (12, UNTAGGED),
    ]
    assert signs_in_code('"""rmtree of _manifests, garbage-collect -m"""\nprint(1)\n') == []
    assert signs_in_code("import shutil\nshutil.rmtree('/tmp/x')\n") == []
