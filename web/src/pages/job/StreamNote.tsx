/** How the stream of events is doing: live, lost and looked for again, or caught up. */
import { Radio, RefreshCw, WifiOff } from "lucide-react";
import type { StreamState } from "@/api/events";
import { classes, count } from "@/ui/text";
import styles from "./job.module.css";

export function StreamNote({ state }: { state: StreamState }) {
  const note = noteOf(state);
  return (
    <p className={classes(styles.note, note && styles[note.tone])} role="status">
      {note && (
        <>
          <note.icon aria-hidden /> {note.text}
        </>
      )}
    </p>
  );
}

interface Note {
  text: string;
  tone: "live" | "lost";
  icon: typeof Radio;
}

function noteOf(state: StreamState): Note | undefined {
  switch (state.name) {
    case "connecting":
    case "ended":
    case "refused":
      return undefined;
    case "catching-up":
      return { text: "Catching up…", tone: "live", icon: RefreshCw };
    case "live":
      return {
        text: state.recovered > 0 ? `Live again; ${count(state.recovered, "event")} caught up` : "Live",
        tone: "live",
        icon: Radio,
      };
    case "reconnecting":
      return {
        text:
          state.tries > 1
            ? `The connection is lost. Reconnecting, try ${state.tries}…`
            : "The connection is lost. Reconnecting…",
        tone: "lost",
        icon: WifiOff,
      };
  }
}
