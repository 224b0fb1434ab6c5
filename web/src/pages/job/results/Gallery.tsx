/** Pictures side by side; each opens large. */
import { useState } from "react";
import { Card } from "@/ui/Card";
import { Dialog } from "@/ui/Dialog";
import { type FileRef, pictureType, useFile } from "./artifacts";
import { Shown } from "./Shown";
import styles from "./results.module.css";

/** The pictures among the files; nothing where there are none. */
export function Gallery({ files }: { files: readonly FileRef[] }) {
  const pictures = files.filter(({ name }) => pictureType(name) !== undefined);
  if (pictures.length === 0) return null;
  return (
    <Card title="Pictures">
      <div className={styles.gallery}>
        {pictures.map(({ sha256, name }) => (
          <Frame key={`${sha256} ${name}`} sha256={sha256} name={name} label={name} />
        ))}
      </div>
    </Card>
  );
}

interface FrameProps {
  sha256: string;
  /** Its ending says what kind of picture it is. */
  name: string;
  label: string;
  /** Width by height, where they are known: nothing moves when it comes. */
  ratio?: string;
}

export function Frame({ sha256, name, label, ratio = "4 / 3" }: FrameProps) {
  const { blob, error } = useFile(sha256, pictureType(name) ?? "");
  const [open, setOpen] = useState(false);
  return (
    <figure className={styles.frame}>
      <button
        type="button"
        className={styles.picture}
        style={{ aspectRatio: ratio }}
        onClick={() => setOpen(true)}
        aria-label={`See ${label} large`}
        disabled={blob === undefined}
      >
        {blob && <Shown blob={blob} alt={label} />}
        {error && "It cannot be read"}
      </button>
      <figcaption className="muted small">{label}</figcaption>
      <Dialog open={open} onOpenChange={setOpen} title={label} size="large">
        {blob && <Shown blob={blob} alt={label} className={styles.large} />}
      </Dialog>
    </figure>
  );
}
