// The official TypeScript MCP SDK as a client of mana-mcp, led by a test: one JSON command a line on standard input, one
// JSON answer a line on standard output. The only argument is the address of the gateway.
//
//   {"do":"connect","headers":{…}}       with a token of its own → {"protocol":"2025-11-25"}
//   {"do":"connect","clientId":"…"}      by OAuth: the tokens of before, else → {"authorize":"http://…"}
//   {"do":"finish"}                      waits for the browser to come back, fetches tokens, connects → {"scope":"…"}
//   {"do":"list"}                        → {"tools":["todo.create",…]}
//   {"do":"call","name":"…","arguments":{…}} → {"result":{…}}, or what the SDK or the gateway has against it
//   {"do":"requests"}                    → every request since the last time, as "GET /path 200"
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";

const gateway = new URL(process.argv[2]);
const schemas = new AjvJsonSchemaValidator();
const inputs = new Map();
let requests = [];
let client;
let transport;
let provider;

async function recordingFetch(url, init) {
  const response = await fetch(url, init);
  requests.push(`${init?.method ?? "GET"} ${new URL(url).pathname} ${response.status}`);
  return response;
}

// Keeps what a real program keeps in a file. Registered beforehand: there is nothing to save a registration with.
class MemoryProvider {
  #state;
  #tokens;
  #verifier;
  authorizeUrl;
  redirectUrl;
  returned;

  static async startAsync(clientId) {
    const made = new MemoryProvider();
    made.clientId = clientId;
    const callback = createServer();
    callback.listen(0, "127.0.0.1");
    await once(callback, "listening");
    callback.unref();
    made.redirectUrl = `http://localhost:${callback.address().port}/callback`;
    made.returned = new Promise((resolve) => {
      callback.on("request", (request, response) => {
        const url = new URL(request.url, made.redirectUrl);
        response.writeHead(url.pathname === "/callback" ? 200 : 404, { "content-type": "text/html", connection: "close" });
        response.end('<!doctype html><link rel="icon" href="data:,"><p id="back">You can close this page.');
        if (url.pathname === "/callback") {
          resolve(url.searchParams);
        }
      });
    });
    return made;
  }

  get clientMetadata() {
    return { client_name: "The official TypeScript client", redirect_uris: [this.redirectUrl], token_endpoint_auth_method: "none" };
  }

  clientInformation() {
    return { client_id: this.clientId };
  }

  state() {
    return (this.#state = randomUUID());
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens) {
    this.#tokens = tokens;
  }

  codeVerifier() {
    return this.#verifier;
  }

  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  redirectToAuthorization(url) {
    this.authorizeUrl = url;
  }

  invalidateCredentials() {
    this.#tokens = undefined;
  }

  async codeAsync() {
    const answer = await this.returned;
    if (answer.get("state") !== this.#state || answer.get("error")) {
      throw new Error(`The browser came back with ${answer}`);
    }
    return answer.get("code");
  }
}

async function connectAsync(headers) {
  client = new Client({ name: "typescript-mcp", version: "1.0.0" });
  transport = new StreamableHTTPClientTransport(gateway, { authProvider: provider, requestInit: { headers }, fetch: recordingFetch });
  await client.connect(transport);
}

const commands = {
  async connect({ headers, clientId }) {
    provider = clientId ? await MemoryProvider.startAsync(clientId) : undefined;
    await connectAsync(headers);
    return { protocol: transport.protocolVersion };
  },

  async finish() {
    await transport.finishAuth(await provider.codeAsync());
    await connectAsync();
    return { scope: provider.tokens().scope, hasRefreshToken: !!provider.tokens().refresh_token };
  },

  // The SDK compiles every output schema here, and forgets those of an earlier page.
  async list() {
    const { tools, nextCursor } = await client.listTools();
    for (const tool of tools) {
      inputs.set(tool.name, schemas.getValidator(tool.inputSchema));
    }
    return { tools: tools.map((tool) => tool.name), withoutOutputSchema: tools.filter((tool) => !tool.outputSchema).map((tool) => tool.name), nextCursor };
  },

  // A host checks arguments against the input schema before it sends them.
  async call({ name, arguments: given }) {
    const fits = inputs.get(name)?.(given);
    return fits?.valid === false ? { refused: `Arguments do not fit the input schema: ${fits.errorMessage}` } : { result: await client.callTool({ name, arguments: given }) };
  },

  requests() {
    const since = requests;
    requests = [];
    return { requests: since };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command.do](command);
  } catch (error) {
    answer = error instanceof UnauthorizedError && provider ? { authorize: String(provider.authorizeUrl) } : { refused: error.message, code: error.code };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
