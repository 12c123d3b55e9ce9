# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation of the options in ``module_utils/oci_registry/plans/choices.py``: what a person decided of a repair."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: registry_ladder``"""

    DOCUMENTATION = r"""
options:
  approve:
    description:
      - Actions that change more than what a digest says, and are only taken if they are named here.
      - V(remove-link) moves layer links that lead nowhere to the quarantine. V(quarantine) moves damaged files there that no source
        has the bytes of, so that a push or a rebuild can write them again.
      - V(repoint) points a tag that nothing cheaper repairs at another image of its repository. It also approves O(rebuilds) from an archive.
      - V(delete) deletes tags that O(delete) names, and those that O(in_use) leaves out and nothing else can repair.
      - V(rebuild) is for whoever rebuilds. Here it moves aside the damaged files that a rebuild would not replace.
    type: list
    elements: str
    choices: [quarantine, remove-link, repoint, rebuild, delete]
    default: []
  in_use:
    description:
      - Images that something runs on or is to run on, as C(repository:tag) or C(repository@digest), which may be that of one platform; those of
        other registries are passed over. Where no registry is given, every host counts as that of this one.
      - They are repaired first, and never deleted unless O(delete) names them. Without this option nothing is known to be out of use.
    type: list
    elements: str
  in_use_complete:
    description: Whether O(in_use) is all that is in use. Otherwise what it leaves out may be used, and is only deleted where O(delete) names it.
    type: bool
    default: true
  rebuilds:
    description: Ways to make an image again that the caller knows of. They are named in RV(images), and nothing here carries them out.
    type: list
    elements: dict
    default: []
    suboptions:
      image: {description: "The image, as C(repository) for all its tags, or C(repository:tag).", type: str, required: true}
      way:
        description:
          - V(ci) is a pipeline, V(vm) a build on the registry's host.
          - V(archive) is a tarball of C(docker save), which gives a new digest and one platform; see O(allow_lost_platforms).
        type: str
        choices: [ci, vm, archive]
        required: true
      possible: {description: Whether it can be done now., type: bool, default: true}
      needs: {description: What it needs., type: str, default: ""}
      why: {description: "Why it is possible, or why it is not.", type: str, default: ""}
  repoint:
    description:
      - What broken tags are to point at, each C(repository:tag) with a digest or tag of the same repository. It must be intact.
      - Without an entry, the newest intact image with the same content is taken. The content is the same where each platform has the same image, by
        its digest or by its config and layers; attestations and annotations do not count. The newest is the one whose tag or link was written last;
        over the API alone nothing tells that, so it is the last tag by name, and what has no tag is not seen.
    type: dict
    default: {}
  allow_lost_platforms:
    description:
      - Whether an image that O(repoint) names may lack platforms that the tag has now.
      - Also whether an archive of O(rebuilds), which has one, may replace a tag that has several, or of which that is not known any more.
    type: bool
    default: false
  delete:
    description: Broken tags that are to go, each as C(repository:tag), whatever else could be done for them.
    type: list
    elements: str
    default: []
  approved_plan:
    description:
      - RV(plan) of an earlier run in check mode. What would be done now and is not in it is not done, and RV(recomputed) says so.
      - Where bytes come from and by which way does not matter, since a digest says all.
    type: list
    elements: dict
  approved_digests:
    description:
      - The digests of the steps that may be done; none means all.
      - One that the plan does not have is an error, and nothing is done, unless it is right already, which RV(recomputed) says.
    type: list
    elements: str
    default: []
"""
