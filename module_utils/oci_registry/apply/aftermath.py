# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""After a garbage collection: prove that nothing was lost, or put it back."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..errors import ProofFailed
from ..plans.sweep import finding_key, new_findings, surplus
from ..report import Report
from ..scan import scan
from ..store.layout import blob_path
from . import record
from .putback import Loss, lost_since, put_back, swept
from .run import Run
from .snapshot import Snapshot, find_snapshot, list_snapshots
from .workplace import Workplace

_NOT_OURS = "Nothing is missing that the snapshot has, so this is no loss of the collection: repair it (playbooks/recover.yml)"


class Aftermath:
    """Proofs and repairs of one run; what they find goes into its record."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._site = run.site
        self._told = run.told

    def prove_disk(self, snapshot: Optional[Snapshot]) -> None:
        """Nothing broken that was not before, and nothing gone that was not to go. Raises :class:`ProofFailed`."""
        plan = plan_of(snapshot)
        with self._told.step(record.PROVE_DISK) as step:
            summary = self._demand_nothing_new(plan)
            self._told.proof["disk"] = {key: summary[key] for key in ("repositories", "tags", "manifests", "blobs")}
            if snapshot is not None:
                loss = lost_since(snapshot, self._site.root)
                self._demand_planned(loss, plan)
                self._told.swept = swept(loss)
                step["detail"] = f"{len(loss.blobs)} blobs and {len(loss.links)} links are gone, as planned"

    def known(self) -> List[str]:
        """What is broken now, as the key of each finding."""
        return sorted(map(finding_key, self._scan().findings))

    def put_back(self, snapshot: Snapshot, known: Sequence[str] = ()) -> None:
        """Add what was lost since the snapshot, and prove that nothing of it is missing any more.

        Raises :class:`ProofFailed` where something is broken all the same that was not when the snapshot was made and is not ``known``:
        that is no loss of the collection, so it is left to a repair, and no reason to put anything back again.
        """
        with self._told.step(record.RESTORE) as step:
            loss = lost_since(snapshot, self._site.root)
            put_back(snapshot, self._site.root, self._site.workplace, loss)
            still = lost_since(snapshot, self._site.root)
            if still:
                raise ProofFailed("not all could be put back", where=(still.blobs + still.links)[0])
            self._told.restored = dict(swept(loss), snapshot=snapshot.id)
            self._told.swept = {}
            step["detail"] = f"{len(loss.blobs)} blobs and {len(loss.links)} links put back"
            self._run.unproven = False
            self._demand_nothing_new(_knowing(plan_of(snapshot), known), _NOT_OURS)

    def prove_served(self, snapshot: Optional[Snapshot], known: Sequence[str] = ()) -> None:
        """Over HTTP, where there is an address; ``known`` is what was broken before, besides what the snapshot says of that.

        Where something is lost after all, everything is put back, and that is raised.
        """
        if self._site.serving is None:
            self._told.skip(record.PROVE_HTTP, "no registry address is given")
            return
        try:
            with self._told.step(record.PROVE_HTTP) as step:
                plan = plan_of(snapshot)
                tags = self._told.proof.get("disk", {}).get("tags", 0)
                gone = self._gone(plan.get("layers", ()))
                proof = self._site.serving.prove(_knowing(plan, known), gone, tags, self._still_there)
                self._told.proof["http"] = proof
                step["detail"] = f"{proof['tags']} tags pulled"
        except ProofFailed:
            if snapshot is not None:
                self._run.begin_collecting(snapshot)
                with self._run.quiet():
                    self.put_back(snapshot)
            raise

    def _gone(self, layers: Sequence[Sequence[str]]) -> List[Tuple[str, str]]:
        """Those (repository, digest) whose bytes are not on disk any more."""
        found = ((repository, digest) for repository, digest in layers)
        return [key for key in found if not os.path.lexists(os.path.join(self._site.root, blob_path(key[1])))]

    def _scan(self) -> Report:
        return scan(self._site.root, mode="hosted", proof=self._site.proof, dialect=self._site.dialect)

    def _still_there(self, tags: int) -> int:
        """How many of so many tags are on disk now, at least: their owners may have deleted some since, and pushed others."""
        report = scan(self._site.root, mode="hosted", dialect=self._site.dialect)
        return min(tags, int(report.summary["tags"]))

    def _demand_nothing_new(self, plan: Mapping[str, Any], advice: str = "") -> Mapping[str, Any]:
        """Scan; returns its summary."""
        report = self._scan()
        found = new_findings(report.findings, plan)
        if found:
            first, since = found[0], " that were not" if "findings" in plan else ""
            what = f"{len(found)} things are broken{since}, first {first.code} {first.digest} ({first.state})"
            raise ProofFailed(what, where=f"{first.repository}:{','.join(first.tags)}", advice=advice)
        if report.problems:
            raise ProofFailed(f"cannot be proven: {report.problems[0]}", where=self._site.root)
        return report.summary

    def _demand_planned(self, loss: Loss, plan: Mapping[str, Any]) -> None:
        unplanned = surplus([*loss.blobs, *loss.links], plan)
        if unplanned:
            what = f"{len(unplanned)} files are gone that were not to go, first {unplanned[0]}"
            raise ProofFailed(what, where=self._site.root)


def _knowing(plan: Mapping[str, Any], known: Sequence[str]) -> Mapping[str, Any]:
    """The plan with more that was broken before."""
    return dict(plan, findings=[*plan.get("findings", ()), *known]) if known else plan


def plan_of(snapshot: Optional[Snapshot]) -> Mapping[str, Any]:
    """What the collection that made the snapshot was going to delete; empty for others."""
    plan = snapshot.about.get("plan") if snapshot is not None else None
    return plan if isinstance(plan, dict) else {}


def snapshot_to_prove_by(workplace: Workplace, name: Optional[str]) -> Optional[Snapshot]:
    """The snapshot ``name``, else the newest if a collection made it: one made by hand says nothing of what was to go."""
    if name:
        return find_snapshot(workplace, name)
    return next((snapshot for snapshot in list_snapshots(workplace)[-1:] if plan_of(snapshot)), None)
