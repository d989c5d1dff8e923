"""The farm's manager over HTTP. Knows nothing of Blender; every call has a timeout."""

import http.client
import json
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class ManagerError(Exception):
    """A call that failed, in words for the artist."""

    def __init__(self, code: str, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status


@dataclass(frozen=True)
class Manager:
    url: str
    token: str = ""
    timeout: float = TIMEOUT_SECONDS

    def get(self, path: str) -> Any:
        """The JSON answer of a GET below /api/v3; None for an empty one."""
        return self._json("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        return self._json("POST", path, body)

    def fetch(self, path: str) -> bytes:
        """The bytes at a path of the manager, for instance a thumbnail's."""
        status, body = self._call("GET", path, None)
        if status != 200:
            raise ManagerError("MANAGER_FAILED", f"{path} answered {status}", status=status)
        return body

    def download(self, path: str, write: Callable[[bytes], Any]) -> None:
        """Passes the bytes at a path on in pieces, so that their number does not matter."""
        with self._open("GET", path, None) as response:
            while piece := _read(self.url, response):
                write(piece)

    def page(self, path: str) -> str:
        """Address of a page in the dashboard."""
        return f"{self.url}/app/{path.lstrip('/')}"

    def _json(self, method: str, path: str, body: Any) -> Any:
        status, answer = self._call(method, f"/api/v3{path}", body)
        if status == 204 or not answer:
            return None
        try:
            return json.loads(answer)
        except ValueError as error:
            raise ManagerError(
                "NOT_A_MANAGER",
                f"What answers at {self.url} is no farm manager",
                "Is another program listening on that port?",
            ) from error

    def _call(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        with self._open(method, path, body) as response:
            return response.status, _read(self.url, response, MAX_ANSWER_BYTES)

    def _open(self, method: str, path: str, body: Any) -> http.client.HTTPResponse:
        request = urllib.request.Request(
            self.url + urllib.parse.quote(path, safe="/?&=%:,+-_.~"),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers(body is not None),
        )
        try:
            return _opener.open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, _read(self.url, error)) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _unreachable(self.url, error) from error

    def _headers(self, has_body: bool) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if has_body:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Followed, but a token is for the farm that it was made for."""

    def redirect_request(self, request: Any, *rest: Any) -> urllib.request.Request | None:
        onward = super().redirect_request(request, *rest)
        if onward and _origin(onward.full_url) != _origin(request.full_url):
            onward.remove_header("Authorization")
        return onward


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


# A farm is on the local network: a proxy configured for the internet does not know it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Redirects)


def _read(url: str, response: Any, limit: int = 1024 * 1024) -> bytes:
    try:
        return response.read(limit)
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error


def clean_url(text: str) -> str:
    """`farm.local:8080/` → `http://farm.local:8080`; raises ManagerError when it is no address."""
    text = text.strip()
    parts = urllib.parse.urlsplit(text if "://" in text else f"http://{text}")
    try:
        is_word = not any(character.isspace() for character in parts.netloc)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and is_word
        parts.port  # noqa: B018 - reading it raises ValueError when it is no port
    except ValueError:
        is_address = False
    if not is_address:
        raise ManagerError(
            "MANAGER_ADDRESS",
            f'"{text}" is no address of a manager',
            "It looks like http://farm.local:8080",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(status: int, answer: bytes) -> ManagerError:
    try:
        facts = json.loads(answer)
        message, hint = str(facts.get("message", "")), str(facts.get("hint", ""))
    except (ValueError, AttributeError):
        message, hint = "", ""
    if status in (401, 403):
        return ManagerError(
            "MANAGER_NOT_ALLOWED",
            message or "The farm does not accept your token",
            hint or "Ask the farm's wrangler for a token and put it into the preferences",
            status,
        )
    return ManagerError(
        "MANAGER_FAILED", message or f"The farm answered with status {status}", hint, status
    )


def _unreachable(url: str, error: Exception) -> ManagerError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, (socket.timeout, TimeoutError)):
        return ManagerError("MANAGER_SLOW", f"The manager at {url} does not answer in time")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ManagerError(
            "MANAGER_UNTRUSTED",
            f"Blender does not trust the certificate of {url} ({reason.verify_message})",
            "Start Blender with SSL_CERT_FILE set to the farm's certificate authority",
        )
    return ManagerError(
        "MANAGER_UNREACHABLE",
        f"Cannot reach the manager at {url} ({reason})",
        "Is it running, and is the address right?",
    )
