/** Pictures with what was found in them. */
import type { Schemas } from "@/api/client";
import { Card } from "@/ui/Card";
import { Copy } from "@/ui/Copy";
import { Skeleton } from "@/ui/Skeleton";
import { count, number } from "@/ui/text";
import { type FileRef, pictureType, useFile } from "./artifacts";
import { Shown } from "./Shown";
import styles from "./results.module.css";
import type { Found, Picture, Vision } from "./shapes";

interface Props {
  vision: Vision;
  input: Schemas["Job"]["input"];
  files: readonly FileRef[];
}

export function VisionResult({ vision, input, files }: Props) {
  const broken = Object.entries(vision.items).filter(([, { error }]) => error !== "");
  const originals = (input["items"] ?? {}) as Record<string, string>;
  return (
    <>
      {vision.pictures.map((picture) => (
        <Looked
          key={`${picture.item} ${picture.frame}`}
          picture={picture}
          original={originals[picture.item]}
          annotated={files.find(({ name }) => name === picture.file)}
        />
      ))}
      {vision.file !== "" && <p className="muted">More pictures are in the file {vision.file}.</p>}
      {broken.length > 0 && (
        <Card title="What could not be read">
          <ul>
            {broken.map(([name, { error }]) => (
              <li key={name}>
                {name}: {error}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

interface LookedProps {
  picture: Picture;
  /** The digest of the item. */
  original: string | undefined;
  annotated: FileRef | undefined;
}

function Looked({ picture, original, annotated }: LookedProps) {
  const { item, frame, seconds, found } = picture;
  const type = pictureType(item);
  const title = seconds == null ? item : `${item}, frame ${frame} at ${number(seconds)} s`;
  return (
    <Card title={title}>
      <div className={styles.looked}>
        {type !== undefined && original !== undefined && frame === 0 ? (
          <Seen sha256={original} type={type} picture={picture} overlay />
        ) : (
          annotated && <Seen sha256={annotated.sha256} type="image/png" picture={picture} />
        )}
        {found.map((each, index) => (
          <Finding key={index} found={each} />
        ))}
      </div>
    </Card>
  );
}

interface SeenProps {
  sha256: string;
  type: string;
  picture: Picture;
  /** Draws the boxes onto it. */
  overlay?: boolean;
}

function Seen({ sha256, type, picture: { item, width, height, found }, overlay = false }: SeenProps) {
  const { blob, error } = useFile(sha256, type);
  if (error) return <p className="muted">The picture cannot be read: {error.message}</p>;
  return (
    <div className={styles.seen} style={{ aspectRatio: `${width} / ${height}` }}>
      {blob ? <Shown blob={blob} alt={item} /> : <Skeleton width="100%" height="100%" />}
      {overlay && (
        <svg viewBox={`0 0 ${width} ${height}`} className={styles.boxes} aria-hidden>
          {found.flatMap(boxesOf).map((points, index) => (
            <polygon key={index} points={points} vectorEffect="non-scaling-stroke" />
          ))}
        </svg>
      )}
    </div>
  );
}

function boxesOf(found: Found): string[] {
  if (found.kind === "texts")
    return found.lines.map(({ box }) => box.map((point) => point.join(",")).join(" "));
  if (found.kind !== "objects") return [];
  return found.objects.map(({ box: [left, top, right, bottom] }) =>
    [`${left},${top}`, `${right},${top}`, `${right},${bottom}`, `${left},${bottom}`].join(" "),
  );
}

function Finding({ found }: { found: Found }) {
  switch (found.kind) {
    case "texts": {
      const text = found.lines.map((line) => line.text).join("\n");
      return (
        <div>
          <p className={styles.heading}>
            {count(found.lines.length, "line")} of text <Copy text={text} what="the text" />
          </p>
          <Scores entries={found.lines.map(({ text, score }) => [text, score])} />
        </div>
      );
    }
    case "labels":
      return <Scores entries={found.labels.map(({ name, score }) => [name, score])} />;
    case "objects":
      return <Scores entries={found.objects.map(({ name, score }) => [name, score])} />;
    case "embedding":
      return <p>A vector of {number(found.vector.length)} numbers</p>;
  }
}

function Scores({ entries }: { entries: [name: string, score: number][] }) {
  return (
    <ol className={styles.scores}>
      {entries.map(([name, score], index) => (
        <li key={index}>
          <span>{name}</span>
          <span className="muted">{score.toFixed(2)}</span>
        </li>
      ))}
    </ol>
  );
}
