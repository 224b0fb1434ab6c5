/** `notify({ title, type })` from anywhere: a short notice that something was done, or was not. */

export interface Notice {
  title: string;
  description?: string;
  type?: "good" | "bad";
}

const waiting: Notice[] = [];
const listeners = new Set<() => void>();
let wasUsed = false;

export function notify(notice: Notice): void {
  wasUsed = true;
  waiting.push(notice);
  for (const listener of listeners) listener();
}

/** For what shows the notices: its code is loaded with the first of them. */
export const notices = {
  wereUsed: (): boolean => wasUsed,
  /** Those that were not shown yet. */
  take: (): Notice[] => waiting.splice(0),
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
