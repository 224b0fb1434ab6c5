/** The one session of this browser. */
import { createSessionStore } from "./sessionStore";

export const session = createSessionStore(localStorage, window, Date.now);
