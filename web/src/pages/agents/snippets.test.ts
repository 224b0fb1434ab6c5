import { describe, expect, it } from "vitest";
import { filled, type Language, SNIPPETS } from "./snippets";

const WALLET = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";

describe("the snippets", () => {
  it.each(Object.keys(SNIPPETS) as Language[])("%s has every place filled but the key", (language) => {
    const text = filled(SNIPPETS[language], "https://compute.example", WALLET);

    expect(text).toContain("https://compute.example");
    expect(text).toContain(WALLET);
    expect(text).toContain("hnk_PASTE_YOUR_KEY");
    expect(text).not.toMatch(/127\.0\.0\.1|PASTE_YOUR_WALLET/);
  });

  it("leaves the wallet's place to who is not signed in", () => {
    expect(filled(SNIPPETS.curl, "https://compute.example", null)).toContain("PASTE_YOUR_WALLET");
  });
});
