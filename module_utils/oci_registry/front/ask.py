# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""Asks one port. Only for what a registry answers from its own store: a cache is never made to fetch anything."""

from __future__ import annotations

from ..client import Client, Settings
from ..client.answer import API_VERSION
from ..errors import RegistryError
from .facts import Heard

#: a front that was just restarted may drop a connection; whoever expects more waits for more
_RETRIES = 1
_ANSWERS = (200, 401)


def ask(settings: Settings, mark: str) -> Heard:
    """What answers: first without credentials (``mark`` is in that request's address), then the catalog with them."""
    with Client(settings._replace(retries=_RETRIES)) as client:
        try:
            greeting = client.greet(mark)
        except RegistryError as error:
            return Heard(problem=str(error), code=error.code)
        heard = Heard(greeting.status, API_VERSION in greeting.headers)
        if greeting.status not in _ANSWERS or (greeting.status == 401 and settings.username is None):
            return heard
        try:
            return heard._replace(catalog=frozenset(client.repositories()))
        except RegistryError as error:
            return heard._replace(problem=str(error), code=error.code)
