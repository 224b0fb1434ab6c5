/** A statement as a file for a spreadsheet. */
import type { Schemas } from "@/api/client";
import { fromApi, toApi } from "@/ui/money";

type Movement = Schemas["Movement"];

/** RFC 4180. Amounts are exact decimals. */
export function toCsv(movements: readonly Movement[]): string {
  const rows = movements.map(({ at, kind, amount, reference, id }) => [
    at,
    kind,
    toApi(fromApi(amount)),
    reference,
    String(id),
  ]);
  return [["time", "kind", "HYPER", "reference", "id"], ...rows]
    .map((row) => `${row.map(quoted).join(",")}\r\n`)
    .join("");
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** All of a list, page after page. */
export async function whole<Item>(
  read: (cursor: string | null) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await read(cursor);
    all.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) return all;
  }
}
