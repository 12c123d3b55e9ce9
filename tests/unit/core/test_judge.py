# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""From facts to findings: the code, whom it hits and how badly."""

from __future__ import annotations

import pytest
from ansible.module_utils.oci_registry.digest import sha256_of
from ansible.module_utils.oci_registry.judge import judge, lost_subjects
from ansible.module_utils.oci_registry.model import OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from ansible.module_utils.oci_registry.view import CORRUPT, INVALID, MISSING, Fault, RepositoryView


def name(text: str) -> str:
    return sha256_of(text.encode())


def image(*layers: str, subject: str | None = None) -> Manifest:
    about = Descriptor(name(subject), 1) if subject else None
    return Manifest(
        "image", OCI_MANIFEST, (), Descriptor(name("config"), 10), tuple(Descriptor(name(layer), 10) for layer in layers), about
    )


def view() -> RepositoryView:
    """One index under two tags, with two platforms that share a layer and an attestation of the first."""
    made = RepositoryView("team/app")
    made.tags = {"latest": name("index"), "v1": name("index")}
    made.manifests = {
        name("index"): Manifest(
            "index",
            OCI_INDEX,
            (
                Descriptor(name("amd64"), 1, OCI_MANIFEST, "linux/amd64"),
                Descriptor(name("arm64"), 1, OCI_MANIFEST, "linux/arm64"),
                Descriptor(name("proof"), 1, OCI_MANIFEST, "unknown/unknown", True),
            ),
        ),
        name("amd64"): image("shared", "only-amd64"),
        name("arm64"): image("shared", "only-arm64"),
        name("proof"): image("in-toto"),
    }
    layers = ("config", "shared", "only-amd64", "only-arm64", "in-toto")
    made.sizes = {**dict.fromkeys(made.manifests, 1), **{name(layer): 10 for layer in layers}}
    return made


def lose(made: RepositoryView, child: str, state: str = "gone") -> None:
    made.manifests.pop(name(child), None)
    made.sizes.pop(name(child), None)
    made.manifest_faults[name(child)] = Fault(MISSING, state, "lost")


def test_a_healthy_view_has_no_findings():
    assert judge(view()) == []


def test_a_missing_child_names_all_tags_its_parent_and_its_platform():
    made = view()
    lose(made, "arm64", "hollow")
    (finding,) = judge(made)
    assert finding.code == "child-missing" and finding.severity == "critical" and finding.state == "hollow"
    assert finding.tags == ("latest", "v1") and finding.platform == "linux/arm64"
    assert finding.digest == name("arm64") and finding.parent == name("index")


def test_only_an_attestation_hit_is_a_warning():
    made = view()
    lose(made, "proof")
    (finding,) = judge(made)
    assert (finding.code, finding.severity) == ("child-missing", "warning")


def test_what_both_a_platform_and_an_attestation_need_is_critical_and_reported_once():
    made = view()
    made.manifests[name("proof")] = image("only-amd64")
    made.blob_faults[name("only-amd64")] = Fault(MISSING, "gone")
    (finding,) = judge(made)
    assert (finding.code, finding.severity, finding.platform) == ("layer-missing", "critical", "linux/amd64")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(MISSING, "gone"), "layer-missing"),
        (Fault(CORRUPT, "truncated", "", 0), "blob-truncated"),
        (Fault(CORRUPT, "corrupt", "", 10), "blob-corrupt"),
        (Fault(CORRUPT, "unknown", "", None), "blob-corrupt"),
    ],
)
def test_the_code_of_a_damaged_layer(fault, code):
    made = view()
    made.blob_faults[name("shared")] = fault
    (finding,) = judge(made)
    assert finding.code == code and finding.role == "layer" and finding.digest == name("shared")


def test_a_config_that_is_gone():
    made = view()
    made.blob_faults[name("config")] = Fault(MISSING, "gone")
    assert [(finding.code, finding.role) for finding in judge(made)] == [("config-missing", "config")]


def test_a_descriptor_that_lies_about_a_size():
    made = view()
    made.sizes[name("shared")] = 11
    (finding,) = judge(made)
    assert finding.code == "blob-truncated" and "11 bytes" in finding.detail and "10" in finding.detail


def test_a_tag_whose_manifest_is_missing_and_one_that_points_nowhere():
    made = view()
    lose(made, "index", "unlinked")
    made.tags["empty"] = ""
    made.tag_faults["empty"] = Fault(MISSING, "invalid", "0 bytes")
    by_tags = {finding.tags: finding for finding in judge(made)}
    assert set(by_tags) == {("latest", "v1"), ("empty",)}
    assert {finding.code for finding in by_tags.values()} == {"tag-dangling"}
    assert by_tags["latest", "v1"].repairs == ("relink",)
    assert by_tags["empty",].digest == ""


def test_a_manifest_of_no_known_kind():
    made = view()
    lose(made, "amd64")
    made.manifest_faults[name("amd64")] = Fault(INVALID, "invalid", "no JSON")
    (finding,) = judge(made)
    assert finding.code == "manifest-invalid" and finding.platform == "linux/amd64"


def test_nested_indexes_are_followed_and_a_cycle_ends():
    made = view()
    outer = Manifest("index", OCI_INDEX, (Descriptor(name("index"), 1, OCI_INDEX), Descriptor(name("outer"), 1, OCI_INDEX)))
    made.manifests[name("outer")] = outer
    made.sizes[name("outer")] = 1
    made.tags = {"nested": name("outer")}
    made.blob_faults[name("only-arm64")] = Fault(MISSING, "gone")
    assert [(finding.code, finding.tags, finding.platform) for finding in judge(made)] == [
        ("layer-missing", ("nested",), "linux/arm64")
    ]


def test_a_referrer_whose_subject_is_gone_is_dangling_once():
    made = view()
    tag = "sha256-" + name("lost").partition(":")[2]
    made.manifests[name("signature")] = image("in-toto", subject="lost")
    made.manifests[name("fallback")] = Manifest("index", OCI_INDEX, (Descriptor(name("signature"), 1, OCI_MANIFEST),))
    made.sizes.update({name("signature"): 1, name("fallback"): 1})
    made.tags[tag] = name("fallback")
    made.manifest_faults[name("lost")] = Fault(MISSING, "gone")
    (finding,) = judge(made)
    assert (finding.code, finding.severity, finding.tags) == ("referrer-dangling", "warning", (tag,))


@pytest.mark.parametrize("by", ["tag", "subject"])
def test_a_referrer_whose_subject_another_repository_serves_does_not_dangle(by):
    made = view()
    tag = "sha256-" + name("afar").partition(":")[2] + ".sig"
    made.manifests[name("signature")] = image("in-toto", subject="afar" if by == "subject" else None)
    made.sizes[name("signature")] = 1
    made.tags[tag if by == "tag" else "signature"] = name("signature")
    made.manifest_faults[name("afar")] = Fault(MISSING, "gone")
    assert lost_subjects(made) == {name("afar")}
    assert [finding.code for finding in judge(made)] == ["referrer-dangling"]
    made.elsewhere.add(name("afar"))
    assert lost_subjects(made) == set()
    assert judge(made) == []


def test_a_child_or_a_tag_is_missing_whoever_else_serves_it():
    made = view()
    lose(made, "arm64")
    made.tags["gone"] = name("gone")
    made.manifest_faults[name("gone")] = Fault(MISSING, "gone")
    made.elsewhere.update((name("arm64"), name("gone")))
    assert {finding.code for finding in judge(made)} == {"child-missing", "tag-dangling"}


def test_of_two_referrers_only_the_one_of_a_lost_subject_dangles():
    made = view()
    for subject in ("afar", "lost"):
        made.manifests[name(f"about {subject}")] = image("in-toto", subject=subject)
        made.sizes[name(f"about {subject}")] = 1
        made.tags[f"about-{subject}"] = name(f"about {subject}")
        made.manifest_faults[name(subject)] = Fault(MISSING, "unknown")
    made.elsewhere.add(name("afar"))
    assert [(finding.code, finding.tags) for finding in judge(made)] == [("referrer-dangling", ("about-lost",))]


def test_a_referrer_with_its_subject_is_healthy_and_its_own_damage_a_warning():
    made = view()
    tag = "sha256-" + name("index").partition(":")[2]
    made.manifests[name("fallback")] = Manifest("index", OCI_INDEX, (Descriptor(name("signature"), 1, OCI_MANIFEST),))
    made.manifests[name("signature")] = image("signed", subject="index")
    made.sizes.update({name("signature"): 1, name("fallback"): 1, name("signed"): 10})
    made.tags[tag] = name("fallback")
    assert judge(made) == []
    made.blob_faults[name("signed")] = Fault(MISSING, "gone")
    assert [(finding.code, finding.severity) for finding in judge(made)] == [("layer-missing", "warning")]


def test_damage_that_no_tag_reaches_is_information_only():
    made = view()
    made.tags = {"other": name("other")}
    made.manifests[name("other")] = image()
    made.sizes[name("other")] = 1
    made.untagged = {name("index")}
    lose(made, "arm64")
    (finding,) = judge(made)
    assert (finding.code, finding.severity, finding.tags) == ("child-missing", "info", ())


def test_a_listed_referrer_is_an_edge_like_an_attestation():
    made = view()
    made.referrers = {name("index"): (Descriptor(name("sbom"), 1, OCI_MANIFEST),)}
    made.manifest_faults[name("sbom")] = Fault(MISSING, "unknown")
    (finding,) = judge(made)
    assert (finding.code, finding.severity, finding.tags) == ("child-missing", "warning", ("latest", "v1"))


def test_a_foreign_layer_is_never_missed():
    made = view()
    foreign = Descriptor(name("foreign"), 10, foreign=True)
    made.manifests[name("amd64")] = made.manifests[name("amd64")]._replace(layers=(foreign,))
    made.blob_faults[name("foreign")] = Fault(MISSING, "gone")
    assert judge(made) == []
