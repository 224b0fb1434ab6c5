import { describe, expect, it } from "vitest";
import { formatHyper, fromApi, parseHyper, toApi } from "./money";

describe("HYPER", () => {
  it("is exact at both ends of what the API writes", () => {
    expect(fromApi(0.000001)).toBe(1n);
    expect(fromApi(12.5)).toBe(12_500_000n);
    expect(fromApi(0.1 + 0.2)).toBe(300_000n);
    expect(fromApi(999_999_999.999999)).toBe(999_999_999_999_999n);
    expect(fromApi(-3.25)).toBe(-3_250_000n);
  });

  it("goes to the API as an exact decimal string, and comes back the same", () => {
    expect(toApi(12_500_000n)).toBe("12.5");
    expect(toApi(1n)).toBe("0.000001");
    expect(toApi(0n)).toBe("0");
    expect(toApi(-1_000_000n)).toBe("-1");
    for (const units of [1n, 10n, 999_999n, 1_000_001n, 123_456_789_012_345n]) {
      expect(fromApi(Number(toApi(units)))).toBe(units);
      expect(parseHyper(toApi(units))).toBe(units);
    }
  });

  it("is grouped for reading, its decimals are not", () => {
    expect(formatHyper(1_234_567_891_234n)).toBe("1,234,567.891234");
    expect(formatHyper(999_000_000n)).toBe("999");
    expect(formatHyper(-1_000_000_000n)).toBe("-1,000");
  });

  it.each([
    ["10", 10_000_000n],
    [" 0.5 ", 500_000n],
    [".5", 500_000n],
    ["1,000.25", 1_000_250_000n],
    ["0.000001", 1n],
  ])("reads %j", (text, units) => expect(parseHyper(text)).toBe(units));

  it.each(["", ".", "-1", "1e3", "0.0000001", "ten", "1.2.3", "NaN", "Infinity", "5."])(
    "refuses %j",
    (text) => {
      expect(parseHyper(text)).toBeNull();
    },
  );
});
