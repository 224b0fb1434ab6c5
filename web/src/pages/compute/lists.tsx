/** Fields of many values: lists, and names with their values. */
import type { ReactNode } from "react";
import { TextArea } from "@/ui/Field";
import { classes } from "@/ui/text";
import { pathTo, type PlaceProps, useForm } from "./context";
import { FileButton, FileField } from "./FileField";
import { Add, Group, Remove, TextInput } from "./inputs";
import { Place } from "./SchemaForm";
import { blank, isRecord, type Schema, type Shape, shapeOf } from "./shape";
import styles from "./form.module.css";

type ListProps = PlaceProps & { item: Schema; about: ReactNode };

/** What has fields within, and a place for its own button that removes it. */
const GROUPS: ReadonlySet<Shape["kind"]> = new Set(["object", "variants", "list", "map"]);

export function ListField({ item, about, path, label, value, onChange }: ListProps) {
  const { root, problems } = useForm();
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const add = <Add what={label} onClick={() => onChange([...values, blank(item, root)])} />;
  const shape = shapeOf(item, root);
  const isShort = shape.kind === "number" || (shape.kind === "text" && !shape.long);
  const entry = (each: unknown, index: number): ReactNode => {
    const name = `${label} ${index + 1}`;
    const remove = (): void => onChange(values.filter((_, other) => other !== index));
    const place = {
      ...{ schema: item, path: `${path}[${index}]`, label: name, value: each, required: true },
      onChange: (next: unknown) => onChange(values.with(index, next)),
    };
    // What an entry is, is where it stands.
    return GROUPS.has(shape.kind) ? (
      <li key={index} className={styles.row}>
        <Place {...place} onRemove={remove} />
      </li>
    ) : (
      <li key={index} className={styles.line}>
        <Place {...place} />
        <Remove what={name} onClick={remove} />
      </li>
    );
  };
  return (
    <Group label={label} about={about} error={problems.get(path)} aside={add}>
      {values.length > 0 && <ol className={isShort ? styles.lines : styles.rows}>{values.map(entry)}</ol>}
    </Group>
  );
}

type MapProps = PlaceProps & { of: Schema; about: ReactNode };

export function MapField({ of, about, path, label, value, onChange }: MapProps) {
  const { root, problems } = useForm();
  const entries = Object.entries(isRecord(value) ? value : {});
  const isFiles = shapeOf(of, root).kind === "file";
  const replace = (index: number, entry: [string, unknown]): void =>
    onChange(Object.fromEntries(entries.with(index, entry)));
  const aside = isFiles ? (
    <FileButton multiple onFiles={(files) => onChange({ ...Object.fromEntries(entries), ...named(files) })} />
  ) : (
    <Add what={label} onClick={() => onChange({ ...Object.fromEntries(entries), [freeName(entries)]: "" })} />
  );
  return (
    <Group label={label} about={about} error={problems.get(path)} aside={aside}>
      {entries.length > 0 && (
        <ul className={styles.rows}>
          {entries.map(([name, each], index) => (
            <li key={index} className={classes(styles.line, styles.pair)}>
              <div className={styles.entry}>
                <TextInput
                  aria-label={`Name ${index + 1} of ${label}`}
                  value={name}
                  onChange={(next) => replace(index, [next, each])}
                />
                {isFiles ? (
                  <FileField value={String(each)} onChange={(next) => replace(index, [name, next])} />
                ) : (
                  <TextArea
                    aria-label={`Value ${index + 1} of ${label}`}
                    rows={2}
                    value={String(each)}
                    onChange={(event) => replace(index, [name, event.target.value])}
                  />
                )}
                {problems.has(pathTo(path, name)) && (
                  <p className={styles.error} role="alert">
                    {problems.get(pathTo(path, name))}
                  </p>
                )}
              </div>
              <Remove
                what={name}
                onClick={() => onChange(Object.fromEntries(entries.filter((_, other) => other !== index)))}
              />
            </li>
          ))}
        </ul>
      )}
    </Group>
  );
}

function named(files: readonly { name?: string; sha256: string }[]): Record<string, string> {
  return Object.fromEntries(files.map(({ name, sha256 }) => [name || sha256.slice(0, 8), sha256]));
}

function freeName(entries: readonly [string, unknown][]): string {
  const taken = new Set(entries.map(([name]) => name));
  let number = entries.length + 1;
  while (taken.has(`name-${number}`)) number += 1;
  return `name-${number}`;
}
