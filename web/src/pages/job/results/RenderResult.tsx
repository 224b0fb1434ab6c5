/** Frames of a scene. */
import { Card } from "@/ui/Card";
import { count, duration } from "@/ui/text";
import { type FileRef, pictureType } from "./artifacts";
import { Frame } from "./Gallery";
import styles from "./results.module.css";
import type { Render } from "./shapes";

export function RenderResult({ render, files }: { render: Render; files: readonly FileRef[] }) {
  const { frames, engine, device } = render;
  const shown = frames.filter(({ file }) => pictureType(file) !== undefined);
  const seconds = frames.reduce((sum, frame) => sum + frame.seconds, 0);
  return (
    <Card title={count(frames.length, "frame")}>
      {shown.length < frames.length && (
        <p className="muted">EXR files are not shown here: download them below.</p>
      )}
      <div className={styles.gallery}>
        {shown.map(({ frame, file, width, height, seconds }) => {
          const found = files.find(({ name }) => name === file);
          if (found === undefined) return null;
          const label = `Frame ${frame}, ${duration(seconds)}`;
          return (
            <Frame
              key={frame}
              sha256={found.sha256}
              name={file}
              label={label}
              ratio={`${width} / ${height}`}
            />
          );
        })}
      </div>
      <p className={styles.figures}>
        {engine} on {device} · {duration(seconds)} in all
      </p>
    </Card>
  );
}
