/** What goes wrong between the page and the coordinator, in one form. */

export interface BadField {
  /** The field's path in the body that was sent, such as `requirements.minVRAM`. */
  path: string;
  /** What was expected there. */
  expected: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  /** A stable noun, such as `insufficient_balance`. `unreachable` and `unreadable` are the page's own. */
  readonly code: string;
  readonly fields: readonly BadField[];
  /** Seconds to wait before the next try, if the coordinator named them. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { fields?: readonly BadField[]; retryAfter?: number | undefined } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = more.fields ?? [];
    this.retryAfter = more.retryAfter;
  }

  /** What was expected of a field, if that field was refused. */
  expected(path: string): string | undefined {
    return this.fields.find((field) => field.path === path)?.expected;
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.code === "unreachable" || this.status === 429 || this.status >= 502;
  }
}

/** The error that an answer tells: problem details (RFC 9457), or what a proxy in between says instead. */
export async function errorIn(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
  const more = { retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined };
  const body: unknown = await response.json().catch(() => undefined);
  if (!isRecord(body) || typeof body["code"] !== "string") {
    return new ApiError(
      response.status,
      "unreadable",
      `The answer was ${response.status}, without a reason`,
      more,
    );
  }
  const sentence = [body["detail"], body["error"]].find((text) => typeof text === "string") ?? body["code"];
  const errors: unknown[] = Array.isArray(body["errors"]) ? body["errors"] : [];
  return new ApiError(response.status, body["code"], sentence, {
    ...more,
    fields: errors.filter(isBadField),
  });
}

/** Any thrown thing as an ApiError: what is none never got an answer. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  // fetch reports a connection that failed as a TypeError, and says no more.
  if (error instanceof TypeError) return new ApiError(0, "unreachable", "The coordinator does not answer");
  return new ApiError(0, "unexpected", message);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isBadField(value: unknown): value is BadField {
  return isRecord(value) && typeof value["path"] === "string" && typeof value["expected"] === "string";
}
