import { expect, it } from "vitest";
import { toCsv, whole } from "./csv";

it("writes amounts exactly, and quotes what a reader would split", () => {
  const at = "2026-11-28T10:00:00.000Z";
  const movements = [
    { id: 2, kind: "hold", reference: "a,b", amount: -0.000001, at },
    { id: 1, kind: "deposit", reference: 'say "x"', amount: 1234.5, at },
  ];
  expect(toCsv(movements)).toBe(
    `time,kind,HYPER,reference,id\r\n${at},hold,-0.000001,"a,b",2\r\n${at},deposit,1234.5,"say ""x""",1\r\n`,
  );
});

it("reads all pages, in their order", async () => {
  const pages = new Map([
    [null, { items: [3, 2], nextCursor: "2" }],
    ["2", { items: [1], nextCursor: null }],
  ]);
  const read = (cursor: string | null) =>
    Promise.resolve(pages.get(cursor) ?? { items: [], nextCursor: null });
  expect(await whole(read)).toEqual([3, 2, 1]);
});
