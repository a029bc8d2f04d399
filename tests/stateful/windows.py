"""Open pages of a person: each holds a connection, on which any number of frames may be under way."""

from dataclasses import dataclass, field
from uuid import UUID

from tests.stateful.server import Server
from tests.support.window_model import WindowModel


@dataclass
class Window:
    """`position` is the number of frames that have come in; `lost` says that one did not, and nothing has shown it.

    One that `keeps_up` has every frame at once while it is connected.
    """

    user_id: UUID
    keeps_up: bool = False
    inbox: WindowModel = field(default_factory=WindowModel)
    connected: bool = False
    synced: bool = False
    position: int = 0
    lost: bool = False

    def connect(self, server: Server, *, overlap: int = 0) -> None:
        """Open the socket: what was sent last may come once more."""
        self.connected, self.synced = True, False
        self.position = max(0, len(server.frames[self.user_id]) - overlap)

    def drop(self) -> None:
        self.connected = self.synced = False

    def sync(self, server: Server) -> None:
        answer = server.run(server.sync(self.user_id, self.inbox.latest_seq))
        if answer["reset"] and self.inbox.latest_seq is not None:
            server.seen["started anew"] += 1
        if answer["removed_ids"]:
            server.seen["caught up on a removal"] += 1
        self.inbox.apply_sync(answer)
        self.synced, self.lost = True, False

    def receive(self, server: Server, number: int) -> None:
        """Apply the next frames; what is missing is asked for at once."""
        for seq, frame in server.frames[self.user_id][self.position :][:number]:
            outcome = self.inbox.apply_frame(frame)
            server.seen[f"{frame['type']} {outcome}"] += 1
            if outcome == "gap" and (self.inbox.latest_seq or 0) < seq:
                self.sync(server)
            self.position += 1

    def keep_up(self, server: Server) -> None:
        if self.keeps_up and self.connected and self.synced:
            self.receive(server, len(server.frames[self.user_id]))

    def lose(self, server: Server) -> None:
        """Let the next frame be lost on its way."""
        if self.position < len(server.frames[self.user_id]):
            self.position += 1
            self.lost = True

    def is_caught_up(self, server: Server) -> bool:
        return self.connected and self.synced and not self.lost and self.position == len(server.frames[self.user_id])
