import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";

export type Why = components["schemas"]["Why"];

export async function fetchWhy(send: Send, notificationId: string): Promise<Why> {
  return (await send<Why>(`/api/notifications/${encodeURIComponent(notificationId)}/why`)).data;
}
