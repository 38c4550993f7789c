"""Errors as the service answers them: `{"error": {"code", "message", "hint"}}` and a status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from vlret.errors import MediaError, UsageError, VlretError
from vlret.server.request_error import RequestError

_CODES = {404: "not_found", 405: "wrong_method", 408: "slow_body", 413: "body_too_large"}
_NOT_THERE = {"no_such_clip", "media_not_found"}


class ErrorAnswer(JSONResponse):
    """The answer about an error; it leaves its code in the scope, for the log."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", **options: Any) -> None:
        super().__init__({"error": {"code": code, "message": message, "hint": hint}}, status, **options)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        scope["error_code"] = self._code
        await super().__call__(scope, receive, send)


def answer_error(error: RequestError) -> ErrorAnswer:
    """The answer about a request that is refused before its body is read: the connection ends with it."""
    return ErrorAnswer(error.status, error.code, error.message, error.hint, headers={"Connection": "close"})


def add_error_handlers(
    app: FastAPI, hidden: Callable[[], Iterable[str]], refresh: Callable[[], None]
) -> None:
    """Answer every error in one form; folders that `hidden` gives are left out of messages.

    `refresh` is called where an index was compacted after it was opened: who asks again gets an answer.
    """

    def of_vlret(_: Request, given: Exception) -> JSONResponse:
        error = cast(VlretError, given)
        if error.code == "index_compacted":
            refresh()
        message, hint = (without_folders(hidden(), text) for text in (error.message, error.hint))
        return ErrorAnswer(_status(error), error.code, message, hint)

    app.add_exception_handler(VlretError, of_vlret)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_body)


def without_folders(folders: Iterable[str], text: str) -> str:
    """A message without these folders."""
    for folder in sorted(folders, key=len, reverse=True):  # one may be in another
        text = text.replace(f"{folder}/", "").replace(folder, PurePath(folder).name)
    return text


def _status(error: VlretError) -> int:
    if isinstance(error, RequestError):
        return error.status
    if error.code in _NOT_THERE:
        return 404
    if error.code == "index_compacted":
        return 503
    if isinstance(error, UsageError):
        return 400
    return 422 if isinstance(error, MediaError) else 500


def _of_http(_: Request, error: Exception) -> JSONResponse:
    answer = cast(HTTPException, error)
    code = _CODES.get(answer.status_code, "bad_request")
    return ErrorAnswer(answer.status_code, code, f"{answer.detail}.", headers=answer.headers)


def _of_body(_: Request, given: Exception) -> JSONResponse:
    error = bad_request(
        [{**one, "loc": one["loc"][1:]} for one in cast(RequestValidationError, given).errors()]
    )
    return ErrorAnswer(error.status, error.code, error.message, error.hint)


def bad_request(errors: Sequence[Mapping[str, Any]]) -> RequestError:
    """The error about a body of another form, from what pydantic found."""
    place = ".".join(str(part) for part in errors[0]["loc"])
    message = f"{place or 'The request'}: {errors[0]['msg']}."
    return RequestError(message, "See /api/openapi.json.", status=422, code="bad_request")
