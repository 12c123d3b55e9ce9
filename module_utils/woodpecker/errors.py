# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that only Woodpecker gives rise to; the others are those of ``oci_registry``."""

from __future__ import annotations

from ..oci_registry.errors import RegistryError, Unreachable


class NobodyListens(Unreachable):
    """The connection was refused, or the name leads nowhere: what was to be sent was not."""


class CannotRun(RegistryError):
    """A workflow that the server would refuse, or that would fail there for certain."""

    code = "cannot-run"


class SecretForOtherEvents(CannotRun):
    """A secret that a workflow takes, which the server does not give to manual runs."""


class NotWoodpecker(RegistryError):
    """Something answers, but not as the API of Woodpecker does."""

    code = "not-woodpecker"


class NotFound(RegistryError):
    """The server has no such thing, or hides it from this token."""

    code = "not-found"


class Deactivated(RegistryError):
    """The repository is known to the server, and switched off there."""

    code = "deactivated"


class BranchMissing(RegistryError):
    """The repository has no such branch."""

    code = "branch-missing"


class Filtered(RegistryError):
    """No workflow of the repository takes this event of this branch, so nothing was started."""

    code = "filtered"


class ConfigFailed(RegistryError):
    """The server could not fetch the workflow files from the forge."""

    code = "config-failed"


class PipelineRefused(RegistryError):
    """A workflow file is wrong in the eyes of the server: the pipeline has the status error, and none of its workflows ran."""

    code = "pipeline-error"


class PipelineFailed(RegistryError):
    """A step failed."""

    code = "pipeline-failed"


class WantedMissing(RegistryError):
    """The pipeline ended well, or would, without the workflow or the step that it was for."""

    code = "wanted-missing"


class Blocked(RegistryError):
    """The pipeline waits for somebody's approval, or was declined."""

    code = "blocked"


class Canceled(RegistryError):
    """Somebody, or something newer, ended the pipeline."""

    code = "canceled"


class TimedOut(RegistryError):
    """The pipeline was not at its end in time."""

    code = "timed-out"


class QueuePaused(RegistryError):
    """The queue of the server is paused: nothing starts."""

    code = "queue-paused"


class NoAgent(RegistryError):
    """No agent is connected to the server: nothing starts."""

    code = "no-agent"


class SecretNotManual(CannotRun):
    """A secret that a workflow takes is not for manual runs."""

    code = "secret-not-manual"
