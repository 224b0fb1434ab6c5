/** A form made from a JSON Schema. What is wrong is said by the coordinator, at the place where it is. */
import type { ReactNode } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { Field, TextArea } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Form, pathTo, type PlaceProps, type Surroundings, useForm } from "./context";
import { withField } from "./draft";
import { FileField } from "./FileField";
import { Group, JsonArea, NumberInput, Optional, TextInput } from "./inputs";
import { ListField, MapField } from "./lists";
import { blank, isRecord, labelOf, type Schema, type Shape, shapeOf } from "./shape";
import styles from "./form.module.css";

interface FormProps extends Surroundings {
  schema: Schema;
  path: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Fields that are always seen; the others wait under "More options". */
  first: ReadonlySet<string>;
}

/** The whole form of an object. */
export function SchemaForm({ root, problems, schema, path, value, onChange, first }: FormProps) {
  return (
    <Form value={{ root, problems }}>
      <Whole schema={schema} path={path} value={value} onChange={onChange} first={first} />
    </Form>
  );
}

type WholeProps = Omit<FormProps, keyof Surroundings>;

function Whole({ schema, path, value, onChange, first }: WholeProps) {
  const { root } = useForm();
  const shape = shapeOf(schema, root);
  if (shape.kind === "variants")
    return (
      <Variants shape={shape} path={path} label="Kind" value={value} onChange={onChange} first={first} />
    );
  if (shape.kind === "object")
    return <Fields fields={shape.fields} path={path} value={value} onChange={onChange} first={first} />;
  return <Place schema={schema} path={path} label="Input" value={value} onChange={onChange} required />;
}

type ObjectShape = Extract<Shape, { kind: "object" }>;
type VariantsShape = Extract<Shape, { kind: "variants" }>;

interface FieldsProps {
  fields: ObjectShape["fields"];
  path: string;
  value: unknown;
  onChange: (value: unknown) => void;
  first: ReadonlySet<string> | undefined;
}

function Fields({ fields, path, value, onChange, first }: FieldsProps) {
  const { problems } = useForm();
  const object = isRecord(value) ? value : {};
  const shown = fields.filter(({ schema }) => !isTag(schema));
  const isFirst = (name: string, required: boolean): boolean =>
    required || first === undefined || first.has(name) || problems.has(pathTo(path, name));
  const place = ({ name, schema, required }: ObjectShape["fields"][number]): ReactNode => (
    <Place
      key={name}
      schema={schema}
      path={pathTo(path, name)}
      label={labelOf(name)}
      value={object[name]}
      onChange={(next) => onChange(withField(object, name, next, required))}
      required={required}
    />
  );
  const later = shown.filter(({ name, required }) => !isFirst(name, required));
  return (
    <div className={styles.form}>
      <div className={styles.fields}>
        {shown.filter(({ name, required }) => isFirst(name, required)).map(place)}
      </div>
      {later.length > 0 && (
        <details className={styles.more}>
          <summary>
            {first === undefined || first.size > 0 ? "More options" : "Options"}{" "}
            <span className="muted">{later.map(({ name }) => labelOf(name)).join(", ")}</span>
          </summary>
          <div className={styles.fields}>{later.map(place)}</div>
        </details>
      )}
    </div>
  );
}

/** A field of one allowed value: it was chosen with the form that it belongs to. */
function isTag(schema: Schema): boolean {
  return schema.enum?.length === 1;
}

interface VariantsProps extends Omit<FieldsProps, "fields"> {
  shape: VariantsShape;
  label: string;
}

function Variants({ shape, path, label, value, onChange, first }: VariantsProps) {
  const { root, problems } = useForm();
  const at = Math.max(
    0,
    shape.variants.findIndex(({ holds }) => holds(value)),
  );
  const chosen = shape.variants[at];
  if (!chosen) return null;
  const choose = (next: string): void => {
    const variant = shape.variants[Number(next)];
    if (variant) onChange(blank(variant.schema, root));
  };
  const inner = shapeOf(chosen.schema, root);
  return (
    <div className={styles.form}>
      <Field label={label} hint={inner.about} error={problems.get(path)}>
        <Select
          options={shape.variants.map((each, index) => ({ value: String(index), label: each.label }))}
          value={String(at)}
          onChange={choose}
        />
      </Field>
      {inner.kind === "object" ? (
        <Fields fields={inner.fields} path={path} value={value} onChange={onChange} first={first} />
      ) : (
        <Place
          schema={chosen.schema}
          path={path}
          label={chosen.label}
          value={value}
          onChange={onChange}
          required
        />
      )}
    </div>
  );
}

/** One place of the form, whatever its shape. */
export function Place(props: PlaceProps) {
  const { schema, path, label, value, onChange, required } = props;
  const { root, problems } = useForm();
  const shape = shapeOf(schema, root);
  const field = { label, hint: shape.about, error: problems.get(path), optional: !required };
  const preset = isWritten(shape.preset) ? String(shape.preset) : undefined;
  switch (shape.kind) {
    case "text":
      return (
        <Field {...field} className={shape.long ? styles.wide : undefined}>
          {shape.long ? (
            <TextArea value={asText(value)} onChange={(event) => onChange(event.target.value)} />
          ) : (
            <TextInput value={asText(value)} placeholder={preset} onChange={onChange} />
          )}
        </Field>
      );
    case "number":
      return (
        <Field {...field}>
          <NumberInput value={value} placeholder={preset} unit={shape.unit} onChange={onChange} />
        </Field>
      );
    case "choice": {
      const options = shape.options.map((each) => ({ value: each, label: labelOf(each) }));
      const chosen = typeof value === "string" ? value : (preset ?? "");
      return (
        <Field {...field}>
          <Select options={options} value={chosen} onChange={onChange} />
        </Field>
      );
    }
    case "flag":
      return (
        <div className={styles.flag}>
          <Checkbox
            label={label}
            hint={shape.about}
            checked={typeof value === "boolean" ? value : shape.preset === true}
            onChange={onChange}
          />
        </div>
      );
    case "file":
      return (
        <Field {...field}>
          <FileField value={asText(value)} onChange={onChange} />
        </Field>
      );
    case "list":
      return <ListField {...props} item={shape.item} about={shape.about} />;
    case "map":
      return <MapField {...props} of={shape.value} about={shape.about} />;
    case "json":
      return (
        <Field {...field} className={styles.wide}>
          <JsonArea value={value} onChange={onChange} />
        </Field>
      );
    case "object":
    case "variants": {
      if (value === undefined && !required)
        return <Optional label={label} about={shape.about} onAdd={() => onChange(blank(schema, root))} />;
      const remove = required ? undefined : () => onChange(undefined);
      const inner = { path, value, onChange, first: undefined };
      return (
        <Group label={label} about={shape.about} error={problems.get(path)} onRemove={remove}>
          {shape.kind === "object" ? (
            <Fields fields={shape.fields} {...inner} />
          ) : (
            <Variants shape={shape} label="Kind" {...inner} />
          )}
        </Group>
      );
    }
  }
}

function isWritten(preset: unknown): preset is string | number {
  return (typeof preset === "string" && preset !== "") || typeof preset === "number";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
