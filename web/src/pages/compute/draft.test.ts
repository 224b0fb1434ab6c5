import { describe, expect, it } from "vitest";
import { type Draft, numberIn, parsed, problemsOf, relaxed, withField } from "./draft";

const draft: Draft = {
  ...{ jobType: "render", model: "default", input: {}, budget: 1, maxDuration: 60 },
  requirements: { minVRAM: 80, country: "CH" },
};

describe("problemsOf", () => {
  it("tells of a missing field at its own place", () => {
    const found = problemsOf([
      { path: "input.messages[0]", expected: "'role' is a required property" },
      { path: "budget", expected: "at most 6 decimals" },
    ]);

    expect(found.get("input.messages[0].role")).toBe("This is needed");
    expect(found.get("budget")).toBe("at most 6 decimals");
  });
});

describe("relaxed", () => {
  it("changes what the coordinator named, whether it is a requirement or the job's own", () => {
    const next = relaxed(draft, { minVRAM: 16, budget: "2.5" });

    expect(next).toEqual({ ...draft, budget: "2.5", requirements: { minVRAM: 16, country: "CH" } });
  });
});

describe("withField", () => {
  it("leaves out what says nothing, unless it is required", () => {
    expect(withField({ a: 1, b: "x" }, "b", "", false)).toEqual({ a: 1 });
    expect(withField({ a: 1, b: "x" }, "b", "", true)).toEqual({ a: 1, b: "" });
    expect(withField({}, "b", 0, false)).toEqual({ b: 0 });
    expect(withField({}, "b", false, false)).toEqual({ b: false });
  });
});

describe("parsed", () => {
  it("fills in what the API would", () => {
    expect(parsed('{"jobType": "render"}')).toMatchObject({ model: "default", input: {}, maxDuration: 3600 });
  });

  it.each(["{", "[]", "{}"])("says what is wrong with %s", (text) =>
    expect(() => parsed(text)).toThrow(/JSON/),
  );
});

describe("numberIn", () => {
  it("keeps what is no number as it was typed", () => {
    expect([numberIn("1.50"), numberIn(" 2 "), numberIn("1,5"), numberIn("")]).toEqual([1.5, 2, "1,5", ""]);
  });
});
