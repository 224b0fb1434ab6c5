/** Programs that use the network, as they are run by the tests, filled in for who reads them. */
import curl from "./snippets/agent.sh?raw";
import javascript from "./snippets/agent.mjs?raw";
import python from "./snippets/agent.py?raw";

export const SNIPPETS = { curl, python, javascript };
export type Language = keyof typeof SNIPPETS;

const URL_IN_FILES = "http://127.0.0.1:3001";
const WALLET_IN_FILES = "PASTE_YOUR_WALLET";

/** The address of the coordinator and, where one is signed in, the wallet stand in their places. */
export function filled(snippet: string, url: string, wallet: string | null): string {
  const here = snippet.replaceAll(URL_IN_FILES, url);
  return wallet === null ? here : here.replaceAll(WALLET_IN_FILES, wallet);
}
