import { expect, it } from "vitest";
import { ago } from "./time";

const NOW = Date.parse("2026-11-28T12:00:00Z");

it.each([
  [0, "just now"],
  [-9, "just now"],
  [-42, "42 seconds ago"],
  [-60, "1 minute ago"],
  [-3_599, "59 minutes ago"],
  [-7_300, "2 hours ago"],
  [-86_400, "1 day ago"],
  [-5_184_000, "2 months ago"],
  [3_600 * 12, "in 12 hours"],
])("says of %d seconds from now: %s", (seconds, text) => expect(ago(NOW + seconds * 1000, NOW)).toBe(text));
