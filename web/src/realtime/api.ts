import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";
import type { SyncResult } from "@/realtime/inbox";
import type { Page } from "@/realtime/listing";
import type { Mark } from "@/realtime/marks";

type Schemas = components["schemas"];

/** One of the events that a notification stands for. */
export type Member = Schemas["Member"];

export interface MemberPage {
  items: readonly Member[];
  next: string | null;
}

export interface NotificationsApi {
  sync: (afterSeq: number | null) => Promise<SyncResult>;
  mark: (mark: Mark) => Promise<void>;
  /** One page of all that is shown, or of what is unread; each newest first. */
  history: (cursor: string | null) => Promise<Page>;
  unread: (cursor: string | null) => Promise<Page>;
  members: (id: string, cursor: string | null, limit: number) => Promise<MemberPage>;
}

const PATH = "/api/notifications";
const HISTORY_PAGE = 50;
/** As many as one may ask for: most of them are known, where the newest 500 came with the sync. */
const UNREAD_PAGE = 100;

export function notificationsApi(send: Send): NotificationsApi {
  const post = async (path: string, body: Schemas["Marks"] | Schemas["ReadAll"]) => {
    await send(`${PATH}/${path}`, { method: "POST", body, keepalive: true });
  };
  return {
    sync: async (afterSeq) => {
      const query = afterSeq === null ? "" : `?after_seq=${afterSeq}`;
      return (await send<SyncResult>(`${PATH}/sync${query}`)).data;
    },
    mark: (mark) => {
      switch (mark.kind) {
        case "read":
          return post("read", { id: mark.id, seq: mark.seq });
        case "unread":
          return post("unread", mark.ids.length === 1 ? { id: mark.ids[0] ?? null } : { ids: [...mark.ids] });
        case "all":
          return post("read-all", { up_to_seq: mark.upToSeq });
      }
    },
    history: async (cursor) => {
      const { data } = await send<Schemas["HistoryPage"]>(
        `${PATH}/history${pageQuery(HISTORY_PAGE, cursor)}`,
      );
      return { items: data.items, next: data.next_cursor };
    },
    unread: async (cursor) => {
      const { data, headers } = await send<Page["items"]>(PATH + pageQuery(UNREAD_PAGE, cursor));
      return { items: data, next: nextCursor(headers) };
    },
    members: async (id, cursor, limit) => {
      const path = `${PATH}/${encodeURIComponent(id)}/members${pageQuery(limit, cursor)}`;
      const { data } = await send<Schemas["MembersPage"]>(path);
      return { items: data.items, next: data.next_cursor };
    },
  };
}

function pageQuery(limit: number, cursor: string | null): string {
  return `?${new URLSearchParams({ limit: String(limit), ...(cursor !== null && { cursor }) }).toString()}`;
}

/** Out of `Link: </api/notifications?limit=…&cursor=…>; rel="next"` (RFC 8288). */
function nextCursor(headers: Headers): string | null {
  const next = /<[^>]*\?([^>]*)>; rel="next"/u.exec(headers.get("link") ?? "")?.[1];
  return next === undefined ? null : new URLSearchParams(next).get("cursor");
}
