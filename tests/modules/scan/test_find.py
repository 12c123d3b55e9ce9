# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Finding stores, and telling hosted ones from pull-through caches."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.oci_registry.errors import BadInput, NotAStore
from ansible.module_utils.oci_registry.store import StoreLocation, detect_mode, find_stores
from ansible.module_utils.oci_registry.store.config import remote_url


def make(root: Path) -> Path:
    """An empty store."""
    (root / "docker/registry/v2").mkdir(parents=True)
    return root


def test_a_rootdirectory_is_found_by_itself_and_by_what_it_holds(tmp_path: Path) -> None:
    root = make(tmp_path / "private")
    expected = [StoreLocation("private", str(root))]
    assert find_stores(str(root)) == expected
    assert find_stores(f"{root}/") == expected
    assert find_stores(str(root / "docker/registry/v2")) == expected


def test_a_folder_of_several(tmp_path: Path) -> None:
    for name in ("private", "dockerhub"):
        make(tmp_path / name)
    make(tmp_path / ".hidden")
    (tmp_path / "private" / "_breakglass").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "file").write_text("")
    assert [store.name for store in find_stores(str(tmp_path))] == ["dockerhub", "private"]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "private")
    monkeypatch.chdir(tmp_path / "private")
    assert find_stores(".") == [StoreLocation("private", str(tmp_path / "private"))]


@pytest.mark.parametrize(
    ("path", "says"), [("nothing", "No such file"), ("file", "Not a directory"), (".", "holds no registry store")]
)
def test_no_store_is_one_clear_error(tmp_path: Path, path: str, says: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotAStore, match=says) as caught:
        find_stores(str(tmp_path / path))
    assert "docker/registry/v2" in str(caught.value)


def test_an_empty_folder_says_when_it_will_be_a_store(tmp_path: Path) -> None:
    with pytest.raises(NotAStore, match="first push"):
        find_stores(str(tmp_path))


def test_a_cache_is_known_by_its_state_file_or_its_configuration(tmp_path: Path) -> None:
    root = make(tmp_path / "store")
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\n")
    assert detect_mode(str(root)) == detect_mode(str(root), str(config)) == "hosted"
    config.write_text("version: 0.1\nproxy:\n  remoteurl: https://registry-1.docker.io\n")
    assert detect_mode(str(root), str(config)) == "cache"
    (root / "scheduler-state.json").write_text("{}")
    assert detect_mode(str(root)) == "cache"


def test_a_configuration_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"config\.yml"):
        detect_mode(str(tmp_path), str(tmp_path / "none.yml"))


URL = "https://registry-1.docker.io"


@pytest.mark.parametrize(
    "text",
    [
        f"proxy:\n  remoteurl: {URL}\n",
        f"version: 0.1\nproxy:   # the upstream\n\n    username: me  # remoteurl: no\n    remoteurl: '{URL}'   # here\nhttp:\n  addr: :5000\n",
        f'"proxy":\n  "remoteurl": "{URL}"\n',
        f"proxy: {{username: me, remoteurl: {URL}}}\n",
        f"proxy: {{\n  remoteurl: {URL},\n  username: me\n}}\nhttp:\n  addr: :5000\n",
        f'{{"version": "0.1", "proxy": {{"remoteurl": "{URL}"}}}}',
        f"proxy:\r\n  remoteurl: {URL}\r\n",
        f"---\nproxy:\n\tremoteurl: {URL}\n",
    ],
)
def test_the_upstream_is_read_from_any_way_to_write_it(text: str) -> None:
    assert remote_url(text) == URL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 0.1\nhttp:\n  addr: :5000\n",
        f"# proxy:\n#   remoteurl: {URL}\n",
        "proxy:\n  remoteurl:\n",
        "proxy:\n  remoteurl: ''\n",
        "proxy:\n  remoteurl: null\n",
        f"proxy:\n  username: me\nnotifications:\n  remoteurl: {URL}\n",
        f"http:\n  proxy:\n    remoteurl: {URL}\n",
        f"proxyprotocol:\n  remoteurl: {URL}\n",
        '{"proxy": null}',
        '{"proxy": {"remoteurl": ""}}',
        "[1, 2]",
        "proxy: [\x00",
    ],
)
def test_a_hosted_registry_has_no_upstream(text: str) -> None:
    assert remote_url(text) == ""
