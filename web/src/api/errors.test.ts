import { describe, expect, it } from "vitest";
import { ApiError, asApiError, errorIn } from "./errors";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });

describe("an error from the API", () => {
  it("carries the code, the sentence and the paths of refused fields", async () => {
    const errors = [{ path: "input.prompt", expected: "a text" }];
    const error = await errorIn(answer(422, { code: "invalid_request", detail: "Wrong fields", errors }));
    expect(error).toMatchObject({ status: 422, code: "invalid_request", message: "Wrong fields" });
    expect(error.expected("input.prompt")).toBe("a text");
    expect(error.expected("input.model")).toBeUndefined();
    expect(error.isPassing).toBe(false);
  });

  it("says how long to wait", async () => {
    const error = await errorIn(
      answer(429, { code: "too_many_requests", detail: "Slow down" }, { "Retry-After": "7" }),
    );
    expect(error.retryAfter).toBe(7);
    expect(error.isPassing).toBe(true);
  });

  it("is told even where a proxy answers with a page of its own", async () => {
    const error = await errorIn(answer(502, "<html>Bad Gateway</html>"));
    expect(error).toMatchObject({ status: 502, code: "unreadable", isPassing: true });
  });

  it("tells a connection that failed from a defect", () => {
    expect(asApiError(new TypeError("Failed to fetch"))).toMatchObject({
      code: "unreachable",
      isPassing: true,
    });
    expect(asApiError(new Error("a bug"))).toMatchObject({
      code: "unexpected",
      message: "a bug",
      isPassing: false,
    });
    const known = new ApiError(404, "not_found", "Job not found");
    expect(asApiError(known)).toBe(known);
  });
});
