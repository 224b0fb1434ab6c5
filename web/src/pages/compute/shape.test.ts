import { describe, expect, it } from "vitest";
import { blank, labelOf, type Schema, shapeOf } from "./shape";

const sha256: Schema = { type: "string", format: "sha256" };
const root: Schema = {
  $defs: {
    Ocr: { title: "Ocr", type: "object", properties: { step: { enum: ["ocr"] } }, required: ["step"] },
    Crop: {
      title: "Crop",
      type: "object",
      properties: { step: { enum: ["crop"] }, x: { type: "integer", minimum: 3 } },
      required: ["step", "x"],
    },
    Range: { title: "Range", type: "object", properties: {} },
    Adapter: { description: "Theirs", type: "object", properties: { sha256 }, required: ["sha256"] },
  },
};
const steps: Schema = {
  anyOf: [{ $ref: "#/$defs/Ocr" }, { $ref: "#/$defs/Crop" }],
  discriminator: { propertyName: "step" },
};

describe("shapeOf", () => {
  it("takes `or null` for a field that may be left out, and the outer description before the inner", () => {
    const shape = shapeOf(
      { anyOf: [{ $ref: "#/$defs/Adapter" }, { type: "null" }], description: "Ours" },
      root,
    );

    expect(shape).toMatchObject({ kind: "object", nullable: true, about: "Ours" });
  });

  it("knows a file by its format, also where it may be null", () => {
    expect(shapeOf({ anyOf: [sha256, { type: "null" }], default: null }, root).kind).toBe("file");
  });

  it("tells tagged forms apart by their tags", () => {
    const shape = shapeOf(steps, root);
    if (shape.kind !== "variants") throw new Error(shape.kind);

    expect(shape.variants.map(({ label }) => label)).toEqual(["Ocr", "Crop"]);
    expect(shape.variants.map(({ holds }) => holds({ step: "crop" }))).toEqual([false, true]);
  });

  it("tells forms without tags apart by what they are", () => {
    const shape = shapeOf({ anyOf: [{ type: "array" }, { $ref: "#/$defs/Range" }] }, root);
    if (shape.kind !== "variants") throw new Error(shape.kind);

    expect(shape.variants.map(({ holds }) => holds([1]))).toEqual([true, false]);
    expect(shape.variants.map(({ label }) => label)).toEqual(["List", "Range"]);
  });

  it("gives lines to long texts alone", () => {
    expect(shapeOf({ type: "string", maxLength: 1_048_576 }, root)).toMatchObject({ long: true });
    expect(shapeOf({ type: "string", maxLength: 200 }, root)).toMatchObject({ long: false });
  });

  it("leaves what has no known form to be written as JSON", () => {
    expect(shapeOf({ type: "object", additionalProperties: true }, root).kind).toBe("json");
  });
});

describe("blank", () => {
  it("has what is required, with the tag of its form and the least allowed number", () => {
    const shape = shapeOf(steps, root);
    if (shape.kind !== "variants") throw new Error(shape.kind);

    expect(shape.variants.map(({ schema }) => blank(schema, root))).toEqual([
      { step: "ocr" },
      { step: "crop", x: 3 },
    ]);
  });
});

describe("labelOf", () => {
  it.each([
    ["maxTokens", "Max tokens"],
    ["minVRAM", "Min VRAM"],
    ["topP", "Top P"],
    ["yolo-objectness", "Yolo objectness"],
    ["FrameRange", "Frame range"],
    ["sha256", "File"],
  ])("reads %s as %s", (name, label) => expect(labelOf(name)).toBe(label));
});
