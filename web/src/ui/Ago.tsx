/** A time relative to now, exact on hover. It stays true while it is looked at. */
import { useSyncExternalStore } from "react";
import { ago, exact } from "./time";

const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all that is shown. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export function Ago({ at }: { /** ISO 8601. */ at: string }) {
  const time = Date.parse(at);
  // What is newer than the last tick has just happened, and is not to come.
  const seen = useSyncExternalStore(subscribe, () => now);
  const shown = time > seen && time <= seen + TICK_MS ? time : seen;
  return (
    <time dateTime={at} title={exact(time)}>
      {ago(time, shown)}
    </time>
  );
}
