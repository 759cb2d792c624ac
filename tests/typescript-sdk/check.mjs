// Drives ScriptedClaude with the official TypeScript SDK: the base URL is the only argument, and the server is
// expected to run with the script that the calling test gives it. Prints one line per check; exits 1 at the first
// that fails.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const baseURL = process.argv[2];
const client = new Anthropic({ apiKey: "test-key", baseURL, maxRetries: 0 });
const model = "claude-haiku-4-5";
const tools = [
  {
    name: "todo_create",
    description: "Creates a todo.",
    input_schema: { type: "object", properties: { title: { type: "string", minLength: 1, maxLength: 60 } }, required: ["title"] },
  },
  {
    name: "todo_complete",
    description: "Completes a todo.",
    input_schema: { type: "object", properties: { id: { type: "string", format: "uuid" } }, required: ["id"] },
  },
  {
    name: "mood_log",
    description: "Logs a mood.",
    input_schema: {
      type: "object",
      properties: { level: { type: "integer", minimum: 1, maximum: 10 }, emotion: { type: "string", enum: ["calm", "tired"] } },
      required: ["level", "emotion"],
    },
  },
  {
    name: "rate_modules",
    description: "Ratings at the end.",
    input_schema: { type: "object", properties: { ratings: { type: "array", items: { type: "object" } } }, required: ["ratings"] },
  },
];

const checks = {
  "create answers a message with usage": async () => {
    const message = await client.messages.create({ model, max_tokens: 256, messages: [{ role: "user", content: "Hello there" }] });
    assert.equal(message.type, "message");
    assert.equal(message.role, "assistant");
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(message.content[0].type, "text");
    assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
    assert.match(message._request_id, /^req_/);
  },

  "a tool loop ends with a text and a forced rating": async () => {
    const id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    const messages = [{ role: "user", content: "Today is 2026-11-22. Use the app." }];
    const called = [];
    let answer;
    let modelCalls = 0;
    for (;;) {
      answer = await client.messages.create({ model, max_tokens: 512, tools, messages });
      modelCalls++;
      messages.push({ role: "assistant", content: answer.content });
      const calls = answer.content.filter((block) => block.type === "tool_use");
      if (calls.length === 0) break;
      assert.equal(answer.stop_reason, "tool_use");
      called.push(calls.map((call) => call.name));
      for (const call of calls) {
        if (call.name === "todo_create") assert.ok(call.input.title.length > 0);
        if (call.name === "todo_complete") assert.equal(call.input.id, id);
        if (call.name === "mood_log") assert.ok(Number.isInteger(call.input.level) && ["calm", "tired"].includes(call.input.emotion));
      }
      messages.push({
        role: "user",
        content: calls.map((call) =>
          call.name === "mood_log"
            ? { type: "tool_result", tool_use_id: call.id, is_error: true, content: "the mood store is closed" }
            : { type: "tool_result", tool_use_id: call.id, content: JSON.stringify({ id }) }),
      });
    }
    assert.deepEqual(called.map((names) => names.length), [2, 1, 1]);
    assert.ok(called.flat().includes("todo_complete"));
    messages.push({ role: "user", content: "Rate what you used." });
    const rated = await client.messages.create({ model, max_tokens: 512, tools, messages, tool_choice: { type: "tool", name: "rate_modules" } });
    assert.equal(modelCalls + 1, 5);
    const { ratings } = rated.content[0].input;
    assert.deepEqual(ratings.map((rating) => rating.module).sort(), ["mood", "todo"]);
    const byModule = Object.fromEntries(ratings.map((rating) => [rating.module, rating.rating]));
    assert.ok(byModule.mood < byModule.todo);
  },

  "a stream carries the same answer": async () => {
    const request = { model, max_tokens: 512, tools, messages: [{ role: "user", content: "Grüße 👋 – use the app." }] };
    const whole = await client.messages.create(request);
    const events = [];
    const stream = client.messages.stream(request);
    stream.on("streamEvent", (event) => events.push(event.type));
    const streamed = await stream.finalMessage();
    assert.deepEqual(streamed.content.map(({ type, text, name, input }) => ({ type, text, name, input })),
      whole.content.map(({ type, text, name, input }) => ({ type, text, name, input })));
    assert.equal(streamed.stop_reason, "tool_use");
    assert.equal(events[0], "message_start");
    assert.equal(events.at(-1), "message_stop");
    assert.ok(events.includes("content_block_delta") && events.includes("message_delta"));
  },

  "a prompt that was sent before is read from the cache": async () => {
    const request = () => client.messages.create({
      model, max_tokens: 64, messages: [{ role: "user", content: "hi" }],
      system: [{ type: "text", text: "A long system prompt. ".repeat(50), cache_control: { type: "ephemeral" } }],
    });
    const first = await request();
    const second = await request();
    assert.ok(first.usage.cache_creation_input_tokens > 200);
    assert.equal(first.usage.cache_read_input_tokens, 0);
    assert.equal(second.usage.cache_creation_input_tokens, 0);
    assert.equal(second.usage.cache_read_input_tokens, first.usage.cache_creation_input_tokens);
  },

  "a lost tool result is an invalid request": async () => {
    await assert.rejects(
      client.messages.create({
        model, max_tokens: 64, tools,
        messages: [
          { role: "user", content: "Go." },
          { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "todo_create", input: { title: "x" } }] },
          { role: "user", content: "And?" },
        ],
      }),
      (error) => error instanceof Anthropic.BadRequestError && error.error.error.type === "invalid_request_error"
        && /without `tool_result` blocks immediately after: toolu_1/.test(error.message));
  },

  "a dotted tool name is an invalid request": async () => {
    await assert.rejects(
      client.messages.create({ model, max_tokens: 64, tools: [{ ...tools[0], name: "todo.create" }], messages: [{ role: "user", content: "Go." }] }),
      (error) => error instanceof Anthropic.BadRequestError && /should match pattern/.test(error.message));
  },

  "an unknown model is not found": async () => {
    await assert.rejects(
      client.messages.create({ model: "gpt-none", max_tokens: 64, messages: [{ role: "user", content: "Go." }] }),
      Anthropic.NotFoundError);
  },

  "a wrong key is an authentication error": async () => {
    const stranger = new Anthropic({ apiKey: "wrong", baseURL, maxRetries: 0 });
    await assert.rejects(
      stranger.messages.create({ model, max_tokens: 64, messages: [{ role: "user", content: "Go." }] }),
      Anthropic.AuthenticationError);
  },

  "scripted errors arrive as the SDK's classes": async () => {
    // The test scripts: for these texts, these statuses.
    const expected = { 403: Anthropic.PermissionDeniedError, 413: Anthropic.APIError, 429: Anthropic.RateLimitError, 500: Anthropic.InternalServerError, 529: Anthropic.APIError };
    for (const [status, type] of Object.entries(expected)) {
      await assert.rejects(
        client.messages.create({ model, max_tokens: 64, messages: [{ role: "user", content: `answer ${status}` }] }),
        (error) => error instanceof type && error.status === Number(status) && (status !== "429" || error.headers.get("retry-after") === "7"));
    }
  },

  "the SDK's own retry gets past an overload": async () => {
    const patient = new Anthropic({ apiKey: "test-key", baseURL, maxRetries: 2 });
    const message = await patient.messages.create({ model, max_tokens: 64, messages: [{ role: "user", content: "overloaded once" }] });
    assert.equal(message.stop_reason, "end_turn");
  },

  "the list of models has the default model": async () => {
    const page = await client.models.list();
    assert.ok(page.data.some((entry) => entry.id === model));
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.error(`FAILED: ${name}\n${error.stack ?? error}`);
    process.exit(1);
  }
}
console.log(`${Object.keys(checks).length} checks passed`);
