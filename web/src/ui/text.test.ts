import { describe, expect, it } from "vitest";
import { bytes, count, duration, short, words } from "./text";

describe("texts", () => {
  it("shortens what is long and nothing else", () => {
    expect(short("9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin")).toBe("9xQe…VFin");
    expect(short("short")).toBe("short");
  });

  it("reads names of the API", () => {
    expect(words("llm_inference")).toBe("LLM inference");
    expect(words("render")).toBe("Render");
  });

  it("says how big a file is", () => {
    expect([0, 999, 1_000, 89_360, 1_500_000, 2e9].map(bytes)).toEqual([
      "0 B",
      "999 B",
      "1 kB",
      "89.4 kB",
      "1.5 MB",
      "2 GB",
    ]);
  });

  it("counts", () => {
    expect([count(1, "node"), count(0, "node"), count(1200, "node")]).toEqual([
      "1 node",
      "0 nodes",
      "1,200 nodes",
    ]);
  });

  it.each([
    [0, "0 s"],
    [0.25, "250 ms"],
    [42, "42 s"],
    [60, "1 min"],
    [3_900, "1 h 5 min"],
    [3_605, "1 h 5 s"],
    [90_000, "1 d 1 h"],
    [59.6, "1 min"],
  ])("says that %d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
});
