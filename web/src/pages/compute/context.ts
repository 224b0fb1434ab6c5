/** What each place of a form knows of the whole. */
import { createContext, use } from "react";
import type { Schema } from "./shape";

export interface Surroundings {
  root: Schema;
  /** What was expected, by the path of each wrong field. */
  problems: ReadonlyMap<string, string>;
}

export const Form = createContext<Surroundings>({ root: {}, problems: new Map() });

export function useForm(): Surroundings {
  return use(Form);
}

export interface PlaceProps {
  schema: Schema;
  path: string;
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  required: boolean;
  /** Where it is one of several. */
  onRemove?: () => void;
}

/** Where a field stands in the request's body, as the coordinator writes it. */
export function pathTo(object: string, field: string): string {
  return object === "" ? field : `${object}.${field}`;
}
