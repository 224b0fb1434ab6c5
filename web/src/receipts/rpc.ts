/** A Solana node's JSON-RPC, of the reader's choice. */

export interface Rpc {
  readonly url: string;
  /** The `result` of a method. Throws RpcError. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
}

/** A request to an RPC node brought no result: what happened, and what to do. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

const TIMEOUT_MS = 15_000;
const ANOTHER = "Name another RPC of the same network, or check the file with `hypernode receipt verify`.";

/** Why this page may not ask at an address; undefined if it may. */
export function refusedUrl(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return "Write a whole address, such as https://api.mainnet-beta.solana.com";
  const isHere = parsed.hostname === "localhost" || parsed.hostname === "127.0.0.1";
  if (parsed.protocol === "https:" || (parsed.protocol === "http:" && isHere)) return undefined;
  return "This page may ask at https addresses, and by http at localhost alone";
}

export function httpRpc(url: string, signal?: AbortSignal): Rpc {
  return { url, call: (method, ...params) => call(url, signal, method, params) };
}

async function call(
  url: string,
  signal: AbortSignal | undefined,
  method: string,
  params: unknown[],
): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      credentials: "omit",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (timeout.aborted) throw new RpcError(`no answer in ${TIMEOUT_MS / 1000} s`, ANOTHER);
    throw new RpcError(
      "the browser got no answer that it may read",
      `See that the address is right and the node runs. If it does, it lets no pages ask (CORS). ${ANOTHER}`,
    );
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (isRecord(answer) && "result" in answer) return answer["result"];
  const refusal = isRecord(answer) ? answer["error"] : undefined;
  const reason = isRecord(refusal) ? refusal["message"] : refusal;
  throw new RpcError(
    `${method}: ${typeof reason === "string" ? reason : `HTTP ${response.status} without a result`}`,
    adviceFor(response.status),
  );
}

function adviceFor(status: number): string {
  if (status === 429) return "This RPC has had too many requests: wait a minute, or name another one.";
  if (status === 401 || status === 403) return `This RPC refuses pages without a key of its own. ${ANOTHER}`;
  return ANOTHER;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
