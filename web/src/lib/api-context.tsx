import { createContext, useContext } from "react";

import type { components } from "@/lib/contracts/task-service.gen";
import type { Send } from "@/lib/http";

export type Me = components["schemas"]["OwnAccount"];

/** The two APIs, called as the person who is signed in. */
export interface Api {
  me: Me;
  tasks: Send;
  notifications: Send;
}

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error("useApi is for what stands inside a session");
  return api;
}
