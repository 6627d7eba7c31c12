"""The conversation over a web socket."""

from fastapi import APIRouter, WebSocket

from api.chat import Chat
from api.draining import Draining
from api.metrics import Metrics
from api.sockets import Socket
from api.state import State

router = APIRouter()


@router.websocket("/v1/chat")
async def chat(websocket: WebSocket) -> None:
    """Answer questions as they come; the key is the first message."""
    state: State = websocket.app.state.footnote
    metrics: Metrics = websocket.app.state.metrics
    draining: Draining = websocket.app.state.draining
    socket = Socket(websocket, state.streams.reader_seconds)
    await Chat(socket, state, metrics, draining).serve()
