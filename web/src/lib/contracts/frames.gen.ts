// Generated from contracts/schemas by `npm run generate`; not edited by hand.

export type Contract = ServerFrame | ClientFrame | Notification;
export type ServerFrame = Ready | NotificationFrame | Read | Unread | Removed | Pong | Resync | Reconnect | Error;
export type Change = "added" | "updated";
export type ClientFrame = Auth | Ping;

/**
 * The first frame after a good `AUTH`: from here on nothing of this person passes by. Answers a renewal too.
 */
export interface Ready {
  type: "READY";
  payload: ReadyPayload;
}
export interface ReadyPayload {
  connection_id: string;
  user_id: string;
  heartbeat_s: number;
  expires_at: string;
}
/**
 * Insert the notification, or replace the one with its id.
 */
export interface NotificationFrame {
  type: "NOTIFICATION";
  payload: NotificationPayload;
}
export interface NotificationPayload {
  id: string;
  seq: number;
  type: string;
  message: string;
  task_id: string | null;
  link: string | null;
  actor: Actor | null;
  reasons: string[];
  count: number;
  created_at: string;
  updated_at: string;
  read_at: string | null;
  change: Change;
  unread_count: number;
}
/**
 * `id` is None where another service named nobody we know; `name` says "a former member" after an erasure.
 */
export interface Actor {
  id: string | null;
  name: string;
}
export interface Read {
  type: "READ";
  payload: ReadPayload;
}
/**
 * Either `ids`, or `up_to_seq`: every row whose latest change is at or below it.
 */
export interface ReadPayload {
  seq: number;
  ids: string[] | null;
  up_to_seq: number | null;
  read_at: string;
  unread_count: number;
}
export interface Unread {
  type: "UNREAD";
  payload: IdsPayload;
}
export interface IdsPayload {
  seq: number;
  ids: string[];
  unread_count: number;
}
export interface Removed {
  type: "REMOVED";
  payload: IdsPayload;
}
export interface Pong {
  type: "PONG";
  payload: EmptyPayload;
}
export interface EmptyPayload {}
/**
 * Call `sync`: something may have been missed.
 */
export interface Resync {
  type: "RESYNC";
  payload: EmptyPayload;
}
/**
 * This gateway is going: connect anew after this time.
 */
export interface Reconnect {
  type: "RECONNECT";
  payload: ReconnectPayload;
}
export interface ReconnectPayload {
  after_ms: number;
}
export interface Error {
  type: "ERROR";
  payload: ErrorPayload;
}
export interface ErrorPayload {
  code: string;
  message: string;
}
/**
 * The first frame of a page; again later to renew the token on the open socket.
 */
export interface Auth {
  type: "AUTH";
  payload: AuthPayload;
}
export interface AuthPayload {
  token: string;
}
/**
 * The page's heartbeat; `seq` is the last one it applied, which proves delivery.
 */
export interface Ping {
  type: "PING";
  payload: PingPayload;
}
export interface PingPayload {
  seq: number;
}
/**
 * A notification as people see it; `seq` is the number of its latest change in their inbox.
 */
export interface Notification {
  id: string;
  seq: number;
  type: string;
  message: string;
  task_id: string | null;
  link: string | null;
  actor: Actor | null;
  reasons: string[];
  count: number;
  created_at: string;
  updated_at: string;
  read_at: string | null;
}
