# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""A token service for real registries: tokens signed as ``auth.token`` wants them, for exactly the scopes that are asked for."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from modules.client.scripted import Seen, answer

ISSUER, SERVICE = "lab-tokens", "lab-registry"


class TokenService:
    """``script`` answers requests for tokens; it wants the credentials ``authorization`` if that is not empty."""

    def __init__(self, folder: Path, authorization: str = "", seconds: int = 300) -> None:
        self.certificate = folder / "token-cert.pem"
        self._key = folder / "token-key.pem"
        self._authorization = authorization
        self._seconds = seconds
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab-tokens"]
        files = ["-keyout", str(self._key), "-out", str(self.certificate)]
        subprocess.run([*command, *files], check=True, capture_output=True)

    def configuration(self, address: str) -> dict[str, Any]:
        """What makes a registry send its clients to this service, listening on ``address``."""
        token = {"realm": f"http://{address}/token?account=lab", "service": SERVICE, "issuer": ISSUER}
        return {"auth": {"token": {**token, "rootcertbundle": str(self.certificate)}}}

    def script(self, seen: Seen) -> bytes:
        """The answer to one request for a token."""
        if seen.headers.get("authorization", "") != self._authorization:
            return answer(401, b'{"details":"incorrect username or password"}')
        scopes = parse_qs(urlsplit(seen.target).query).get("scope", [])
        document = {"access_token": self._token(scopes), "expires_in": self._seconds}
        return answer(200, json.dumps(document).encode(), Content_Type="application/json")

    def _token(self, scopes: list[str]) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "lab", "aud": SERVICE, "iat": now, "nbf": now - 5, "exp": now + 300, "jti": str(now)}
        claims["access"] = [_access(scope) for scope in scopes]
        der = subprocess.run(["openssl", "x509", "-in", self.certificate, "-outform", "DER"], check=True, capture_output=True)
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der.stdout).decode()]}
        signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        command = ["openssl", "dgst", "-sha256", "-sign", str(self._key)]
        signature = subprocess.run(command, input=signed.encode(), check=True, capture_output=True)
        return f"{signed}.{_encoded(signature.stdout)}"


def _access(scope: str) -> dict[str, Any]:
    kind, name, actions = scope.split(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
