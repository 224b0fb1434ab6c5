/** Where an explorer shows something of the chain. */

/** Null for a chain of one's own: no public explorer can reach it. */
export function explorerLink(explorerUrl: string, kind: "address" | "tx", value: string): string | null {
  const url = new URL(explorerUrl); // Its query names the cluster.
  if (url.searchParams.get("cluster") === "custom") return null;
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${kind}/${value}`;
  return url.href;
}
