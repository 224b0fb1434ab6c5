// A wallet as the Wallet Standard has it, for tests: this half is what a page sees of a browser extension. The key
// and every decision are on the other side of `hypernodeTestWallet`, in wallet.py, where no page can reach them.
(() => {
  const { name, icon, chains, publicKey, address, features: offered } = /* GIVEN */ null;
  const ask = window.hypernodeTestWallet;
  delete window.hypernodeTestWallet;
  const VERSIONS = Object.freeze(["legacy", 0]);

  const account = Object.freeze({
    address,
    publicKey: new Uint8Array(publicKey),
    chains: Object.freeze(chains),
    features: Object.freeze(offered.filter((each) => each.startsWith("solana:"))),
  });
  const listeners = new Set();
  let accounts = Object.freeze([]);

  function show(next) {
    if (accounts.length === next.length) return;
    accounts = Object.freeze(next);
    for (const listener of listeners) listener({ accounts });
  }

  // Asks the other side; its refusals reject, as a wallet's do.
  async function request(method, input) {
    const answer = await ask(method, input);
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer.result;
  }

  const bytes = (given) => (given instanceof Uint8Array ? [...given] : null);

  // What an account of ours signs; a foreign one, even of the same address, is refused.
  const signing = (method, read, write) => (...inputs) =>
    Promise.all(
      inputs.map(async (input) => {
        const isOurs = input.account === account && accounts.includes(account);
        return write(await request(method, { ...read(input), isOurs }));
      }),
    );

  const transaction = ({ transaction, chain, options }) => ({ transaction: bytes(transaction), chain, options });
  const signed = ({ signedMessage, signature }) => ({
    signedMessage: new Uint8Array(signedMessage),
    signature: new Uint8Array(signature),
    signatureType: "ed25519",
  });

  const features = {
    "standard:connect": {
      version: "1.0.0",
      async connect({ silent = false } = {}) {
        if (await request("connect", { silent })) show([account]);
        return { accounts };
      },
    },
    "standard:disconnect": {
      version: "1.0.0",
      async disconnect() {
        await request("disconnect", {});
        show([]);
      },
    },
    "standard:events": {
      version: "1.0.0",
      on(event, listener) {
        if (event === "change") listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    "solana:signIn": {
      version: "1.0.0",
      signIn: (...inputs) =>
        Promise.all(
          (inputs.length > 0 ? inputs : [{}]).map(async (input) => {
            const answer = await request("signIn", input);
            show([account]);
            return { account, ...signed(answer) };
          }),
        ),
    },
    "solana:signMessage": {
      version: "1.0.0",
      signMessage: signing("signMessage", ({ message }) => ({ message: bytes(message) }), signed),
    },
    "solana:signTransaction": {
      version: "1.0.0",
      supportedTransactionVersions: VERSIONS,
      signTransaction: signing("signTransaction", transaction, (answer) => ({
        signedTransaction: new Uint8Array(answer),
      })),
    },
    "solana:signAndSendTransaction": {
      version: "1.0.0",
      supportedTransactionVersions: VERSIONS,
      signAndSendTransaction: signing("signAndSendTransaction", transaction, (answer) => ({
        signature: new Uint8Array(answer),
      })),
    },
  };

  const wallet = Object.freeze({
    version: "1.0.0",
    name,
    icon,
    chains: Object.freeze(chains),
    features: Object.freeze(Object.fromEntries(offered.map((each) => [each, Object.freeze(features[each])]))),
    get accounts() {
      return accounts;
    },
  });

  // The page may be there before its wallet or after it: both say so.
  const register = (api) => api.register(wallet);
  window.addEventListener("wallet-standard:app-ready", ({ detail }) => register(detail));
  window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
})();
