"""The live stream: each text message is one Observation and is answered by one message, in order.

==========  ================================================================================================
before the upgrade (an OperationOutcome)
401         no valid bearer token in the Authorization header of the upgrade request
403         the token does not grant ``patient/*.write``
answers     the finding (`lab.analysis.finding`), or an OperationOutcome: bad JSON, no Observation that is taken, another patient
closed with
1003        a binary message
1009        a message longer than `LONGEST_MESSAGE` bytes
4401        the token has ended meanwhile
==========  ================================================================================================

A ping is answered by the server under it. Nothing is kept of a stream: a client whose connection broke connects anew and goes on.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from lab.analysis.examiner import Examiner
from lab.analysis.metrics import Metrics
from lab.vitals.access import Caller, caller
from lab.vitals.outcome import Refusal

LONGEST_MESSAGE = 64 << 10
UNSUPPORTED, TOO_LONG, TOKEN_ENDED = 1003, 1009, 4401


class Streams:
    """All streams of one process."""

    def __init__(self, examiner: Examiner, metrics: Metrics, token_key: str) -> None:
        self._examiner, self._metrics, self._token_key = examiner, metrics, token_key

    async def serve(self, stream: WebSocket) -> None:
        """One stream from its upgrade to its end."""
        try:
            who = self._caller(stream)
            who.must_be(who.subject, "patient/*.write")
        except Refusal as refusal:
            self._metrics.answered("refused")
            headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
            await stream.send_denial_response(
                Response(refusal.body(), refusal.status, headers, media_type="application/fhir+json")
            )
            return
        await stream.accept()
        with self._metrics.streams.track_inprogress():
            try:
                await self._answer_each(stream)
            except WebSocketDisconnect:
                return  # the client went while its answer was under way: it connects anew and sends again

    async def _answer_each(self, stream: WebSocket) -> None:
        while True:
            message = await stream.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                await stream.close(UNSUPPORTED, "one Observation a text message")
                return
            if len(text) > LONGEST_MESSAGE or len(text.encode()) > LONGEST_MESSAGE:
                await stream.close(TOO_LONG, f"a message has at most {LONGEST_MESSAGE} bytes")
                return
            try:
                who = self._caller(stream)
            except Refusal:
                await stream.close(TOKEN_ENDED, "the bearer token has ended")
                return
            _, said = self._examiner.answer(text, who)
            await stream.send_text(said.decode())

    def _caller(self, stream: WebSocket) -> Caller:
        """Asked for every message: a token ends while its stream goes on. Raises Refusal 401."""
        return caller(dict(stream.scope["headers"]).get(b"authorization"), self._token_key)
