/** A form made from a JSON Schema. What is wrong is said by the coordinator, at the place where it is. */
import { type ReactNode, useState } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { Field, TextArea } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Form, pathTo, type PlaceProps, type Surroundings, useForm } from "./context";
import { withField } from "./draft";
import { FileField } from "./FileField";
import { Absent, Group, JsonArea, NumberInput, TextInput } from "./inputs";
import { ListField, MapField } from "./lists";
import { blank, type FieldOf, isRecord, labelOf, onlyField, type Schema, type Shape, shapeOf } from "./shape";
import styles from "./form.module.css";
import { Words } from "./Words";

interface FormProps extends Surroundings {
  schema: Schema;
  path: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Fields that are seen at once, whether they are filled in or not. */
  first: ReadonlySet<string>;
}

/** The whole form of an object. What was not filled in when it was opened waits under "More options". */
export function SchemaForm({ root, problems, ...rest }: FormProps) {
  return (
    <Form value={{ root, problems }}>
      <Whole {...rest} />
    </Form>
  );
}

function Whole({ schema, ...rest }: Omit<FormProps, keyof Surroundings>) {
  const { root } = useForm();
  const shape = shapeOf(schema, root);
  if (shape.kind === "variants") return <Variants shape={shape} {...rest} />;
  if (shape.kind === "object") return <Fields fields={shape.fields} {...rest} />;
  return <Place schema={schema} label="Input" required {...rest} />;
}

interface FieldsProps {
  fields: readonly FieldOf[];
  path: string;
  value: unknown;
  onChange: (value: unknown) => void;
  first?: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
/** So many fields are all seen. */
const FEW = 4;

function Fields({ fields, path, value, onChange, first = NONE }: FieldsProps) {
  const { problems } = useForm();
  const object = isRecord(value) ? value : {};
  const [filled] = useState(() => new Set(Object.keys(object)));
  const [isOpen, setOpen] = useState(false);
  // A field of one allowed value was chosen with the form that it belongs to.
  const shown = fields.filter(({ schema }) => schema.enum?.length !== 1);
  const isSeen = ({ name, required }: FieldOf): boolean => required || first.has(name) || filled.has(name);
  const [now, later] = shown.length <= FEW ? [shown, []] : parted(shown, isSeen);
  const hasProblem = later.some(({ name }) => hasPlace(problems, pathTo(path, name)));
  const place = ({ name, schema, required }: FieldOf): ReactNode => (
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
  return (
    <div className={styles.form}>
      {now.length > 0 && <div className={styles.fields}>{now.map(place)}</div>}
      {later.length > 0 && (
        <details
          className={styles.more}
          open={isOpen || hasProblem}
          onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
        >
          <summary>
            {now.length > 0 ? "More options" : "Options"}
            <span className="muted">{later.map(({ name }) => labelOf(name)).join(", ")}</span>
          </summary>
          <div className={styles.fields}>{later.map(place)}</div>
        </details>
      )}
    </div>
  );
}

function parted<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Whether something is wrong at a path, or further within. */
function hasPlace(problems: Surroundings["problems"], path: string): boolean {
  return [...problems.keys()].some(
    (each) => each === path || (/^[.[]/.test(each.slice(path.length)) && each.startsWith(path)),
  );
}

interface VariantsProps extends Omit<FieldsProps, "fields"> {
  shape: Extract<Shape, { kind: "variants" }>;
}

function Variants({ shape, path, value, onChange, first }: VariantsProps) {
  const { root } = useForm();
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
  const rest = { path, value, onChange };
  return (
    <div className={styles.form}>
      <Field label="Kind" hint={inner.about && <Words>{inner.about}</Words>}>
        <Select
          options={shape.variants.map((each, index) => ({ value: String(index), label: each.label }))}
          value={String(at)}
          onChange={choose}
        />
      </Field>
      {inner.kind === "object" ? (
        <Fields key={at} fields={inner.fields} {...rest} {...(first && { first })} />
      ) : (
        <Place schema={chosen.schema} label={chosen.label} required {...rest} />
      )}
    </div>
  );
}

/** One place of the form, whatever its shape. */
export function Place(props: PlaceProps) {
  const { schema, path, label, value, onChange, required } = props;
  const { root, problems } = useForm();
  const shape = shapeOf(schema, root);
  const about = shape.about === undefined ? undefined : <Words>{shape.about}</Words>;
  const field = { label, hint: about, error: problems.get(path) };
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
    case "choice":
      return (
        <Field {...field}>
          <Select
            options={shape.options.map((each) => ({ value: each, label: labelOf(each) }))}
            value={typeof value === "string" ? value : (preset ?? "")}
            onChange={onChange}
          />
        </Field>
      );
    case "flag":
      return (
        <div className={styles.flag}>
          <Checkbox
            label={label}
            hint={about}
            checked={typeof value === "boolean" ? value : shape.preset === true}
            onChange={onChange}
          />
        </div>
      );
    case "file":
      return (
        <Field {...field} className={styles.wide}>
          <FileField value={asText(value)} onChange={onChange} />
        </Field>
      );
    case "json":
      return (
        <Field {...field} className={styles.wide}>
          <JsonArea value={value} onChange={onChange} />
        </Field>
      );
    case "list":
      return <ListField {...props} item={shape.item} about={about} />;
    case "map":
      return <MapField {...props} of={shape.value} about={about} />;
    case "object":
    case "variants":
      if (value === undefined && !required)
        return <Absent label={label} about={about} onAdd={() => onChange(blank(schema, root))} />;
      return <Present {...props} shape={shape} about={about} />;
  }
}

type PresentProps = PlaceProps & { shape: Extract<Shape, { kind: "object" | "variants" }>; about: ReactNode };

/** Fields within a field. */
function Present({ shape, about, path, label, value, onChange, required, onRemove }: PresentProps) {
  const { problems } = useForm();
  const only = onlyField(shape);
  if (only && required && !onRemove) {
    const schema = { ...only.schema, ...(shape.about !== undefined && { description: shape.about }) };
    return (
      <Place
        schema={schema}
        path={pathTo(path, only.name)}
        label={label}
        value={isRecord(value) ? value[only.name] : undefined}
        onChange={(next) => onChange({ [only.name]: next })}
        required
      />
    );
  }
  const remove = onRemove ?? (required ? undefined : () => onChange(undefined));
  return (
    <Group label={label} about={about} error={problems.get(path)} onRemove={remove}>
      {shape.kind === "object" ? (
        <Fields fields={shape.fields} path={path} value={value} onChange={onChange} />
      ) : (
        <Variants shape={shape} path={path} value={value} onChange={onChange} />
      )}
    </Group>
  );
}

function isWritten(preset: unknown): preset is string | number {
  return (typeof preset === "string" && preset !== "") || typeof preset === "number";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
