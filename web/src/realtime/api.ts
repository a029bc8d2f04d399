import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";
import type { SyncResult } from "@/realtime/inbox";
import type { Mark } from "@/realtime/marks";

export interface NotificationsApi {
  sync: (afterSeq: number | null) => Promise<SyncResult>;
  mark: (mark: Mark) => Promise<void>;
}

type Schemas = components["schemas"];

export function notificationsApi(send: Send): NotificationsApi {
  const post = async (path: string, body: Schemas["Marks"] | Schemas["ReadAll"]) => {
    await send(`/api/notifications/${path}`, { method: "POST", body, keepalive: true });
  };
  return {
    sync: async (afterSeq) => {
      const query = afterSeq === null ? "" : `?after_seq=${afterSeq}`;
      return (await send<SyncResult>(`/api/notifications/sync${query}`)).data;
    },
    mark: (mark) => {
      switch (mark.kind) {
        case "read":
          return post("read", { id: mark.id, seq: mark.seq });
        case "unread":
          return post("unread", { id: mark.id });
        case "all":
          return post("read-all", { up_to_seq: mark.upToSeq });
      }
    },
  };
}
