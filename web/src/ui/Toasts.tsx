/** Shows notices, one above the other. Loaded with the first of them. */
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import dialog from "./Dialog.module.css";
import { notices } from "./notify";
import styles from "./Toasts.module.css";

export default function Toasts() {
  return (
    <Toast.Provider>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts, add } = Toast.useToastManager();
  useEffect(() => {
    const show = (): void => {
      for (const notice of notices.take()) add(notice);
    };
    show();
    return notices.subscribe(show);
  }, [add]);
  return toasts.map((each) => (
    <Toast.Root key={each.id} toast={each} className={styles.toast}>
      <Toast.Content className={styles.content}>
        <div>
          <Toast.Title className={styles.title} />
          <Toast.Description className="muted small" />
        </div>
        <Toast.Close className={dialog.close} aria-label="Dismiss">
          <X />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
