/** Who is signed in: a session token and its wallet, kept in local storage until it ends. */

export interface Session {
  token: string;
  walletAddress: string;
  /** ISO 8601. */
  expiresAt: string;
}

const KEY = "hypernode.session";
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export interface SessionStore {
  get: () => Session | null;
  begin: (session: Session) => void;
  end: () => void;
  /** Calls back on every sign-in, sign-out and expiry, in whichever tab it happened. */
  subscribe: (listener: () => void) => () => void;
}

export function createSessionStore(storage: Storage, events: EventTarget, now: () => number): SessionStore {
  let current = read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  function read(): Session | null {
    try {
      const found: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
      return isSession(found) && Date.parse(found.expiresAt) > now() ? found : null;
    } catch {
      return null;
    }
  }

  function change(next: Session | null): void {
    if (next?.token === current?.token) return;
    current = next;
    watchExpiry();
    for (const listener of listeners) listener();
  }

  function end(): void {
    storage.removeItem(KEY);
    change(null);
  }

  function watchExpiry(): void {
    clearTimeout(timer);
    if (current !== null)
      timer = setTimeout(end, Math.min(Date.parse(current.expiresAt) - now(), MAX_TIMEOUT_MS));
  }

  watchExpiry();
  events.addEventListener("storage", (event) => {
    const { key } = event as StorageEvent;
    if (key === KEY || key === null) change(read());
  });
  return {
    get: () => current,
    begin(next) {
      storage.setItem(KEY, JSON.stringify(next));
      change(next);
    },
    end,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { token, walletAddress, expiresAt } = value as Record<string, unknown>;
  return [token, walletAddress, expiresAt].every((each) => typeof each === "string");
}
