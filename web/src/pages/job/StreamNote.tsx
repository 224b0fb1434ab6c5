/** How the stream of events is doing: live, lost and looked for again, or caught up. */
import { Check, Radio, RefreshCw, WifiOff } from "lucide-react";
import { useState } from "react";
import type { StreamState } from "@/api/events";
import { classes, count } from "@/ui/text";
import styles from "./job.module.css";

export function StreamNote({ state }: { state: StreamState }) {
  const [wasLost, setWasLost] = useState(false);
  if (state.name === "reconnecting" && !wasLost) setWasLost(true);
  const note = noteOf(state, wasLost);
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

function noteOf(state: StreamState, wasLost: boolean): Note | undefined {
  switch (state.name) {
    case "connecting":
    case "refused":
      return undefined;
    case "ended":
      return wasLost ? { text: "Caught up: nothing was missed", tone: "live", icon: Check } : undefined;
    case "catching-up":
      return wasLost ? { text: "Catching up…", tone: "live", icon: RefreshCw } : undefined;
    case "live":
      return wasLost
        ? { text: `Live again; ${count(state.recovered, "event")} caught up`, tone: "live", icon: Radio }
        : { text: "Live", tone: "live", icon: Radio };
    case "reconnecting":
      return {
        text: `The connection is lost. Try ${state.tries}…`,
        tone: "lost",
        icon: WifiOff,
      };
  }
}
