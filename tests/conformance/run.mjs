// Runs the official conformance suite against a gateway that is reached through a Unix socket, from inside a network
// namespace in which there is nothing but loopback. The suite can send no headers of its own: a relay on loopback adds
// the token and the space. Arguments: socket, token, space, scenario or "all". Prints what the suite prints.
import { spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [socketPath, token, space, scenario] = process.argv.slice(2);

const relay = createServer((incoming, outgoing) => {
  const headers = { ...incoming.headers, authorization: `Bearer ${token}`, "x-mana-space": space };
  const upstream = request({ socketPath, method: incoming.method, path: incoming.url, headers, setHost: false }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on("error", (error) => outgoing.destroy(error));
  outgoing.on("close", () => upstream.destroy());
  incoming.pipe(upstream);
});

relay.listen(0, "127.0.0.1", () => {
  const main = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json");
  const bin = join(dirname(main), "dist", "index.js");
  const which = scenario === "all" ? ["--suite", "all"] : ["--scenario", scenario];
  const suite = spawn(process.execPath, [bin, "server", "--url", `http://localhost:${relay.address().port}/mcp`, ...which], { stdio: "inherit" });
  suite.on("exit", (code) => {
    relay.close();
    relay.closeAllConnections();
    process.exitCode = code ?? 1;
  });
});
