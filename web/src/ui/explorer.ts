/** Where an explorer shows something of the chain. */

export function explorerLink(explorerUrl: string, kind: "address" | "tx", value: string): string {
  const url = new URL(explorerUrl); // Its query names the cluster.
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${kind}/${value}`;
  return url.href;
}
