# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Prometheus text: what goes out comes back, and hostile names stay inside their quotes."""

from __future__ import annotations

import string

import pytest
from ansible.module_utils.oci_registry.exposition import Sample, parse, render
from hypothesis import given
from hypothesis import strategies as some

ABOUT = {"x_first": "The first.", "x_second": "The second."}


def test_metrics_stand_together_in_the_order_of_the_table():
    samples = [Sample("x_second", {"i": "a"}, 1), Sample("x_first", {"i": "a"}, 1.5), Sample("x_second", {"i": "b"}, 1795741829)]
    assert render(samples, ABOUT) == (
        "# HELP x_first The first.\n# TYPE x_first gauge\n"
        'x_first{i="a"} 1.5\n'
        "# HELP x_second The second.\n# TYPE x_second gauge\n"
        'x_second{i="a"} 1\nx_second{i="b"} 1795741829\n'
    )


def test_a_metric_without_samples_is_not_mentioned():
    assert render([Sample("x_first", {}, 0)], ABOUT).count("#") == 2


@given(some.dictionaries(some.sampled_from(["a", "b", "repository"]), some.text(string.printable + '"\\{}=,é', max_size=20)))
def test_what_is_written_is_read_again(labels):
    shown = {name: "".join(char if char.isprintable() else "?" for char in value) for name, value in labels.items()}
    text = render([Sample("x_first", labels, 3)], ABOUT)
    assert text.count("\n") == 3, "no label breaks out of its line"
    assert list(parse(text, "x_", {})) == [Sample("x_first", shown, 3)]


@pytest.mark.parametrize(
    "line",
    [
        "x_first 3",  # no labels: not ours
        'x_first{i="a"} NaN',
        'x_first{i="a"} much',
        'x_first{i="a"',
        'y_first{i="a"} 3',
        'x_first{i="b"} 3',
        "",
    ],
)
def test_what_is_not_ours_is_left_out(line):
    assert list(parse(f'{line}\nx_second{{i="a"}} 1.795741834e+09\n', "x_", {"i": "a"})) == [
        Sample("x_second", {"i": "a"}, 1795741834)
    ]
