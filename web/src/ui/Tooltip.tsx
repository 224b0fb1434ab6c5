/** More about an element, on hover and focus. Never the only place of something important. */
import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";
import popup from "./popup.module.css";
import { classes } from "./text";

export function Tooltip({
  text,
  children,
}: {
  text: ReactNode;
  /** What can have focus. */ children: ReactElement;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner className={popup.positioner} sideOffset={6}>
          <Base.Popup className={classes(popup.popup, popup.tooltip)}>{text}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
