import type { Send } from "@/lib/http";

/** The event that a notification came from, and everything that made this person one to be told. */
export interface Why {
  /** Null for a digest, which stands for many. */
  event: { source: string; id: string; type: string; time: string } | null;
  reasons: readonly string[];
  count: number;
}

export async function fetchWhy(send: Send, notificationId: string): Promise<Why> {
  return (await send<Why>(`/api/notifications/${encodeURIComponent(notificationId)}/why`)).data;
}
