/** Fields of many values: lists, and names with their values. */
import type { ReactNode } from "react";
import { TextArea } from "@/ui/Field";
import { pathTo, type PlaceProps, useForm } from "./context";
import { FileButton, FileField } from "./FileField";
import { Add, Group, Remove, TextInput } from "./inputs";
import { Place } from "./SchemaForm";
import { blank, isRecord, type Schema, shapeOf } from "./shape";
import styles from "./form.module.css";

type ListProps = PlaceProps & { item: Schema; about: ReactNode };

export function ListField({ item, about, path, label, value, onChange }: ListProps) {
  const { root, problems } = useForm();
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const add = (): void => onChange([...values, blank(item, root)]);
  return (
    <Group label={label} about={about} error={problems.get(path)} aside={<Add what={label} onClick={add} />}>
      {values.length > 0 && (
        <ol className={styles.rows}>
          {values.map((each, index) => (
            // What an entry is, is where it stands.
            <li key={index} className={styles.row}>
              <Place
                schema={item}
                path={`${path}[${index}]`}
                label={`${label} ${index + 1}`}
                value={each}
                onChange={(next) => onChange(values.with(index, next))}
                required
              />
              <Remove
                what={`${label} ${index + 1}`}
                onClick={() => onChange(values.filter((_, other) => other !== index))}
              />
            </li>
          ))}
        </ol>
      )}
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
            <li key={index} className={styles.row}>
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
