import type { components } from "@/lib/contracts/task-service.gen";

/** Where the parts of the system are; the server that gives the page says it, so one build runs anywhere. */
export type Config = components["schemas"]["PublicAddresses"];

function isConfig(value: unknown): value is Config {
  if (typeof value !== "object" || value === null) return false;
  return ["apiUrl", "notificationsUrl", "socketUrl"].every(
    (key) => typeof (value as Record<string, unknown>)[key] === "string",
  );
}

export async function loadConfig(fetcher: typeof fetch): Promise<Config> {
  const response = await fetcher("/config.json", { headers: { accept: "application/json" } });
  const config: unknown = await response.json();
  if (!response.ok || !isConfig(config)) throw new Error("config.json is not usable");
  return config;
}
