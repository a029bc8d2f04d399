import type { components } from "@/lib/contracts/task-service.gen";
import type { Send } from "@/lib/http";

type Schemas = components["schemas"];
export type ExportStatus = Schemas["ExportStatus"];
export type ErasureReceipt = Schemas["ErasureReceipt"];

/** What each service holds, in the words of the page. */
export const HELD_BY: Record<string, string> = {
  "task-service": "Account, tasks and comments",
  "notification-worker": "Notifications and preferences",
};

export const privacyApi = (send: Send) => ({
  begin: async () => (await send<ExportStatus>("/api/users/me/export", { method: "POST" })).data,
  progress: async (id: string) => (await send<ExportStatus>(`/api/users/me/export/${id}`)).data,
  file: async (path: string) => (await send<Blob>(path, { as: "file" })).data,
});

export const receiptOf = async (send: Send, id: string) =>
  (await send<ErasureReceipt>(`/api/erasures/${encodeURIComponent(id)}`)).data;
