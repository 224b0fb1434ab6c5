import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionStore, type Session } from "./sessionStore";

const NOW = Date.parse("2026-11-28T10:00:00.000Z");
const hours = (count: number): string => new Date(NOW + count * 3_600_000).toISOString();
const given = (token: string, expiresAt = hours(12)): Session => ({
  token,
  walletAddress: "wallet",
  expiresAt,
});

/** Local storage, as far as it is used. */
function memory(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  } as Storage;
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

describe("the session", () => {
  it("is there again after a reload, until it ends", () => {
    const storage = memory();
    createSessionStore(storage, new EventTarget(), Date.now).begin(given("a"));
    const reloaded = createSessionStore(storage, new EventTarget(), Date.now);
    expect(reloaded.get()?.token).toBe("a");
    reloaded.end();
    expect(createSessionStore(storage, new EventTarget(), Date.now).get()).toBeNull();
  });

  it("ends by itself when its time is over, and tells", () => {
    const store = createSessionStore(memory(), new EventTarget(), Date.now);
    store.begin(given("a", hours(1)));
    const told = vi.fn();
    store.subscribe(told);
    vi.advanceTimersByTime(3_599_000);
    expect(store.get()?.token).toBe("a");
    vi.advanceTimersByTime(1_000);
    expect(store.get()).toBeNull();
    expect(told).toHaveBeenCalledOnce();
  });

  it("is none if what is kept has expired or is no session", () => {
    for (const kept of [JSON.stringify(given("a", hours(-1))), "{", '{"token":1}', "null"]) {
      const storage = memory();
      storage.setItem("hypernode.session", kept);
      expect(createSessionStore(storage, new EventTarget(), Date.now).get()).toBeNull();
    }
  });

  it("follows what another tab does", () => {
    const [storage, events] = [memory(), new EventTarget()];
    const store = createSessionStore(storage, events, Date.now);
    storage.setItem("hypernode.session", JSON.stringify(given("b")));
    events.dispatchEvent(Object.assign(new Event("storage"), { key: "hypernode.session" }));
    expect(store.get()?.token).toBe("b");
    storage.removeItem("hypernode.session");
    events.dispatchEvent(Object.assign(new Event("storage"), { key: null }));
    expect(store.get()).toBeNull();
  });
});
