/** The place of notices: empty, and without their code, until there is one. */
import { lazy, Suspense, useSyncExternalStore } from "react";
import { notices } from "@/ui/notify";

const Toasts = lazy(() => import("@/ui/Toasts"));

export function Notices() {
  const wanted = useSyncExternalStore(notices.subscribe, notices.wereUsed);
  return (
    wanted && (
      <Suspense>
        <Toasts />
      </Suspense>
    )
  );
}
