/** Who is signed in, for a component. */
import { useSyncExternalStore } from "react";
import { session } from "./session";
import type { Session } from "./sessionStore";

export function useSession(): Session | null {
  return useSyncExternalStore(session.subscribe, session.get);
}
