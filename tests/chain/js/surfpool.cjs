// Starts an offline surfpool and prints its endpoints as one JSON line. Ends with its standard input.
const { Surfnet } = require("@solana/surfpool-linux-x64-gnu");

const net = Surfnet.startWithConfig({
  offline: true,
  blockProductionMode: "clock",
  slotTimeMs: 10,
  airdropSol: 1_000_000_000_000,
});
console.log(JSON.stringify({ rpcUrl: net.rpcUrl, wsUrl: net.wsUrl }));

const stop = () => {
  try {
    net.stop();
  } finally {
    process.exit(0);
  }
};
process.on("SIGTERM", stop);
process.stdin.resume();
process.stdin.on("end", stop);
setInterval(() => net.drainEvents(), 1000);
