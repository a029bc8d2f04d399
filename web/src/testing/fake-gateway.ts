import type { ClientFrame, ServerFrame } from "@/lib/contracts/frames.gen";
import type { SocketLike } from "@/realtime/socket";

/** One connection, seen from the gateway's side. */
export class FakeConnection implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  readonly received: ClientFrame[] = [];
  isClosedByPage = false;

  send(data: string): void {
    this.received.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.isClosedByPage = true;
  }

  open(): void {
    this.#call(this.onopen, new Event("open"));
  }

  push(frame: ServerFrame): void {
    this.pushText(JSON.stringify(frame));
  }

  pushText(data: string): void {
    this.#call(this.onmessage, new MessageEvent("message", { data }));
  }

  end(code: number): void {
    this.#call(this.onclose, new CloseEvent("close", { code }));
  }

  ready({ heartbeatSeconds = 30 } = {}): void {
    const payload = {
      connection_id: "c",
      user_id: "u",
      heartbeat_s: heartbeatSeconds,
      expires_at: "2030-01-01T12:15:00Z",
    };
    this.push({ type: "READY", payload });
  }

  #call<E extends Event>(handler: ((this: WebSocket, event: E) => unknown) | null, event: E): void {
    handler?.call(this as unknown as WebSocket, event);
  }
}

/** Takes every connection that the page opens. */
export class FakeGateway {
  readonly connections: FakeConnection[] = [];

  readonly open = (): FakeConnection => {
    const connection = new FakeConnection();
    this.connections.push(connection);
    return connection;
  };

  get last(): FakeConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("nothing has connected yet");
    return connection;
  }
}
