// Drives a network as a wallet or dapp would, with web3.js 1.x and spl-token; prints what it saw as JSON.
// usage: node client.cjs RPC_URL WS_URL TOKEN_PROGRAM
const web3 = require("@solana/web3.js");
const spl = require("@solana/spl-token");

const [rpcUrl, wsUrl, tokenProgram] = process.argv.slice(2);

// Subscriptions travel by WebSocket, chain transactions by HTTP: act only once the node knows what to watch.
// web3.js has no public way to ask.
async function subscribed(connection) {
  const waiting = () => Object.values(connection._subscriptionsByHash).some((each) => each.state !== "subscribed");
  while (waiting()) await new Promise((resolve) => setTimeout(resolve, 10));
}

// Makes a lookup table, fills it, and pays by a v0 transaction that names the accounts by it; the payee's gain.
async function payByLookupTable(connection, program, owner, mint, [source, payee]) {
  const table = web3.AddressLookupTableProgram;
  const keys = { payer: owner.publicKey, authority: owner.publicKey };
  const [create, lookupTable] = table.createLookupTable({ ...keys, recentSlot: await connection.getSlot("finalized") });
  const extend = table.extendLookupTable({ ...keys, lookupTable, addresses: [source, mint, payee] });
  await web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(create, extend), [owner]);

  const made = (await connection.getSlot("confirmed")) + 1; // Entries can be used from the next block on.
  while ((await connection.getSlot("confirmed")) < made) await new Promise((resolve) => setTimeout(resolve, 50));
  const found = (await connection.getAddressLookupTable(lookupTable)).value;
  const pay = spl.createTransferCheckedInstruction(source, mint, payee, owner.publicKey, 5n, 6, [], program);
  const latest = await connection.getLatestBlockhash();
  const message = new web3.TransactionMessage({
    payerKey: owner.publicKey, recentBlockhash: latest.blockhash, instructions: [pay],
  }).compileToV0Message([found]);
  const transaction = new web3.VersionedTransaction(message);
  transaction.sign([owner]);
  const signature = await connection.sendTransaction(transaction);
  await connection.confirmTransaction({ signature, ...latest });
  const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0, commitment: "confirmed" });
  const looked = landed.meta.loadedAddresses.writable.length + landed.meta.loadedAddresses.readonly.length;
  const [before, after] = [landed.meta.preTokenBalances, landed.meta.postTokenBalances].map((balances) =>
    Number(balances.find((each) => each.owner !== owner.publicKey.toBase58()).uiTokenAmount.amount),
  );
  return { entries: found.state.addresses.length, looked, gained: after - before };
}

async function main() {
  const connection = new web3.Connection(rpcUrl, { commitment: "confirmed", wsEndpoint: wsUrl });
  const program = new web3.PublicKey(tokenProgram);
  const [alice, bob] = [web3.Keypair.generate(), web3.Keypair.generate()];
  const seen = {};

  const slots = [];
  const slotWatch = connection.onSlotChange((info) => slots.push(info.slot));
  const logged = new Promise((resolve) => connection.onLogs(alice.publicKey, resolve, "confirmed"));
  await subscribed(connection);

  const latest = await connection.getLatestBlockhash();
  const airdrop = await connection.requestAirdrop(alice.publicKey, 5 * web3.LAMPORTS_PER_SOL);
  await connection.confirmTransaction({ signature: airdrop, ...latest });
  seen.lamports = await connection.getBalance(alice.publicKey);
  seen.logsMention = (await logged).err === null;

  const mint = await spl.createMint(connection, alice, alice.publicKey, null, 6, undefined, undefined, program);
  const accounts = [];
  for (const owner of [alice, bob]) {
    const made = await spl.getOrCreateAssociatedTokenAccount(
      connection, alice, mint, owner.publicKey, false, "confirmed", undefined, program,
    );
    accounts.push(made.address);
  }
  await spl.mintTo(connection, alice, mint, accounts[0], alice, 1_000_000n, [], undefined, program);

  const changed = new Promise((resolve) => connection.onAccountChange(accounts[1], resolve, "confirmed"));
  await subscribed(connection);
  const paid = await spl.transferChecked(
    connection, alice, accounts[0], mint, accounts[1], alice, 250_000n, 6, [], undefined, program,
  );
  seen.watchedAmount = spl.unpackAccount(accounts[1], await changed, program).amount.toString();
  seen.amount = (await connection.getTokenAccountBalance(accounts[1])).value.uiAmountString;
  seen.supply = (await connection.getTokenSupply(mint)).value.amount;
  seen.owned = (await connection.getTokenAccountsByOwner(bob.publicKey, { mint })).value.length;
  const parsedAccount = await connection.getParsedAccountInfo(accounts[1]);
  seen.parsedOwner = parsedAccount.value.data.parsed.info.owner === bob.publicKey.toBase58();

  const options = { maxSupportedTransactionVersion: 0, commitment: "confirmed" };
  const parsed = await connection.getParsedTransaction(paid, options);
  seen.parsedType = parsed.transaction.message.instructions[0].parsed.type;
  seen.parsedAmount = parsed.transaction.message.instructions[0].parsed.info.tokenAmount.amount;
  const history = await connection.getSignaturesForAddress(accounts[1]);
  seen.history = history.some((each) => each.signature === paid);

  seen.lookedUp = await payByLookupTable(connection, program, alice, mint, accounts);

  const doomed = new web3.Transaction().add(
    spl.createTransferCheckedInstruction(accounts[1], mint, accounts[0], bob.publicKey, 10n ** 12n, 6, [], program),
  );
  doomed.feePayer = alice.publicKey;
  doomed.recentBlockhash = (await connection.getLatestBlockhash()).blockhash;
  const simulated = await connection.simulateTransaction(doomed, [alice, bob]);
  seen.simulatedError = simulated.value.err;
  try {
    await web3.sendAndConfirmTransaction(connection, doomed, [alice, bob]);
  } catch (error) {
    seen.refused = error.constructor.name;
    seen.refusedLogs = error.logs.length > 0;
  }

  seen.slotsRise = slots.length > 1 && slots.every((slot, i) => i === 0 || slot > slots[i - 1]);
  await connection.removeSlotChangeListener(slotWatch);
  console.log(JSON.stringify(seen));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
