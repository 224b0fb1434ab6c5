/** What a form needs to know of a JSON Schema: the subset that the API's schemas are written in. */

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  enum?: string[];
  anyOf?: Schema[];
  discriminator?: { propertyName: string };
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  default?: unknown;
  minimum?: number;
  maxLength?: number;
  /** Our own: what stands behind a number. */
  unit?: string;
}

/** What is filled in at one place of the form. */
export type Shape = { about?: string | undefined; preset?: unknown; nullable: boolean } & (
  | { kind: "text"; long: boolean }
  | { kind: "number"; least: number; unit: string | undefined }
  | { kind: "flag" }
  | { kind: "choice"; options: string[] }
  /** A file, named by its digest. */
  | { kind: "file" }
  | { kind: "list"; item: Schema }
  | { kind: "map"; value: Schema }
  | { kind: "object"; fields: FieldOf[] }
  | { kind: "variants"; variants: Variant[] }
  /** Any JSON. */
  | { kind: "json" }
);

export interface FieldOf {
  name: string;
  schema: Schema;
  required: boolean;
}

export interface Variant {
  label: string;
  schema: Schema;
  /** Whether a value is of this form. */
  holds: (value: unknown) => boolean;
}

const ANY_DIGEST = /\s*SHA-256 of the content, in hex\.$/;
/** Longer texts than this have room for lines. */
const LONG_TEXT = 1_000_000;

/** Reads a schema; `root` holds the `$defs` that it refers to. */
export function shapeOf(schema: Schema, root: Schema): Shape {
  const { nullable, ...whole } = resolved(schema, root);
  const common = { about: aboutOf(whole), preset: whole.default, nullable };
  if (whole.anyOf) return { ...common, kind: "variants", variants: variantsOf(whole, root) };
  if (whole.enum) return { ...common, kind: "choice", options: whole.enum };
  switch (whole.type) {
    case "string":
      if (whole.format === "sha256") return { ...common, kind: "file" };
      return { ...common, kind: "text", long: (whole.maxLength ?? 0) >= LONG_TEXT };
    case "integer":
    case "number":
      return { ...common, kind: "number", least: whole.minimum ?? 0, unit: whole.unit };
    case "boolean":
      return { ...common, kind: "flag" };
    case "array":
      return { ...common, kind: "list", item: whole.items ?? {} };
    case "object":
      if (whole.properties) return { ...common, kind: "object", fields: fieldsOf(whole) };
      if (typeof whole.additionalProperties === "object")
        return { ...common, kind: "map", value: whole.additionalProperties };
  }
  return { ...common, kind: "json" };
}

/** What stands there before anything is filled in. */
export function blank(schema: Schema, root: Schema): unknown {
  const shape = shapeOf(schema, root);
  switch (shape.kind) {
    case "text":
    case "file":
      return "";
    case "number":
      return shape.preset ?? shape.least;
    case "flag":
      return shape.preset ?? false;
    case "choice":
      return shape.preset ?? shape.options[0];
    case "list":
      return [];
    case "variants":
      return shape.variants[0] ? blank(shape.variants[0].schema, root) : null;
    case "object":
      return Object.fromEntries(
        shape.fields
          .filter(({ required }) => required)
          .map(({ name, schema }) => [name, blank(schema, root)]),
      );
    case "map":
    case "json":
      return {};
  }
}

/** Whether an optional field with this value may as well be left out. */
export function isNothing(value: unknown): boolean {
  if (value === "" || value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What a schema says of itself, less what its form shows anyhow. */
function aboutOf({ description, format }: Schema): string | undefined {
  return (format === "sha256" ? description?.replace(ANY_DIGEST, "") : description) || undefined;
}

/** `maxTokens` as `Max tokens`. */
export function labelOf(name: string): string {
  if (name === "sha256") return "File";
  const apart = name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]/g, " ");
  const known = apart.replace(/\b(url|json|id|vram|ram|gpu|cuda|mb)\b/gi, (word) => word.toUpperCase());
  return (
    known.charAt(0).toUpperCase() +
    known.slice(1).replace(/\b[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase())
  );
}

/** Follows references, and takes `or null` for what it is: that the field may be left out. */
function resolved(schema: Schema, root: Schema): Schema & { nullable: boolean } {
  if (schema.$ref !== undefined) {
    const { $ref, ...more } = schema;
    const target = root.$defs?.[$ref.split("/").at(-1) ?? ""] ?? {};
    return resolved({ ...target, ...more }, root);
  }
  const forms = schema.anyOf?.filter(({ type }) => type !== "null");
  if (!forms || forms.length === schema.anyOf?.length) return { ...schema, nullable: false };
  const { anyOf, ...more } = schema;
  const [only, ...others] = forms;
  if (only && others.length === 0)
    return { ...resolved({ ...resolved(only, root), ...more }, root), nullable: true };
  return { ...more, anyOf: forms, nullable: true };
}

function fieldsOf(schema: Schema): FieldOf[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(([name, each]) => ({
    name,
    schema: each,
    required: required.has(name),
  }));
}

function variantsOf(schema: Schema, root: Schema): Variant[] {
  const tag = schema.discriminator?.propertyName;
  return (schema.anyOf ?? []).map((form) => {
    const whole = resolved(form, root);
    const own = tag === undefined ? undefined : whole.properties?.[tag]?.enum?.[0];
    if (tag === undefined || own === undefined) {
      return {
        label: whole.title ? labelOf(whole.title) : NAMES[typeOf(whole)],
        schema: form,
        holds: isA(typeOf(whole)),
      };
    }
    // The tag is chosen by choosing the form.
    const { [tag]: chosen, ...properties } = whole.properties ?? {};
    const tagged = { ...whole, properties: { [tag]: { ...chosen, default: own }, ...properties } };
    return { label: labelOf(own), schema: tagged, holds: (value) => isRecord(value) && value[tag] === own };
  });
}

type Type = "array" | "object" | "text";

const NAMES: Record<Type, string> = { array: "List", object: "Fields", text: "Choice" };

function typeOf({ type }: Schema): Type {
  return type === "array" || type === "object" ? type : "text";
}

function isA(type: Type): (value: unknown) => boolean {
  if (type === "array") return Array.isArray;
  return type === "object" ? isRecord : (value) => typeof value !== "object";
}

/** The one field of an object that has no other: it stands for the whole. */
export function onlyField(shape: Shape): FieldOf | undefined {
  return shape.kind === "object" && shape.fields.length === 1 ? shape.fields[0] : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
