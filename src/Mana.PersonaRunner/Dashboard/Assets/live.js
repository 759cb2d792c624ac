// The plain live page: reads /api/v1/live, then follows /api/v1/events. All text goes in as text, never as markup.
"use strict";

const $ = id => document.getElementById(id);
const state = { personas: new Map(), paused: false };
const phases = ["queued", "sign-in", "connect", "act", "rate", "remember", "deliver"];
const maxActivity = 100;

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function clock(iso) {
  const time = element("time", new Date(iso).toLocaleTimeString([], { hour12: false }));
  time.dateTime = iso;
  time.title = iso;
  return time;
}

function stamp(iso) {
  if (!iso) return element("span", "never", "quiet");
  // On a narrow page the year goes, and the day and the hour stay whole.
  const time = element("time"), [day, hour] = local(iso).split(" ");
  time.append(element("span", day.slice(0, 5), "wide"), element("span", day.slice(5)), " ", element("span", hour));
  time.dateTime = iso;
  time.title = iso;
  return time;
}

// All times on the page are those of whoever reads it; the title has the exact one.
function local(iso) {
  const at = new Date(iso), two = number => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function badge(text) {
  const good = text === "completed" || phases.includes(text);
  const bad = text === "failed" || text === "timed-out";
  return element("span", text, "badge" + (bad ? " bad" : good ? " good" : ""));
}

function stars(rating) {
  return element("span", rating === null || rating === undefined ? "no rating" : `${rating} / 5`, "stars");
}

function drawPersona(persona) {
  const row = element("tr");
  const name = element("td", persona.name);
  name.append(element("small", persona.archetype));
  if (persona.failures > 0) {
    const rest = persona.notBefore ? `, rests until ${local(persona.notBefore).slice(11)}` : "";
    name.append(element("small", `failed ${persona.failures} times in a row${rest}${persona.lastError ? `: ${persona.lastError}` : ""}`));
  }
  const mix = Object.entries(persona.moduleMix).sort((a, b) => b[1] - a[1]).map(([module]) => module).join(", ");
  const tick = element("td");
  if (persona.tick) {
    tick.append(badge(persona.tick.outcome ?? persona.tick.phase));
    if (persona.tick.error) tick.append(element("small", persona.tick.error));
  }
  const last = element("td");
  last.append(stamp(persona.lastTickAt));
  row.append(name, element("td", persona.tickCadence, "wide"), element("td", mix, "wide"), tick, element("td", persona.tick ? String(persona.tick.toolCalls) : "", "number"), last);
  return row;
}

function drawPersonas() {
  $("personas").replaceChildren(...[...state.personas.values()].map(drawPersona));
  $("no-personas").hidden = state.personas.size > 0;
  $("personas-table").hidden = state.personas.size === 0;
}

function drawRating(rating) {
  const item = element("li");
  item.append(clock(rating.at), " ", element("strong", rating.name), " ", element("span", rating.module, "badge"), " ", stars(rating.rating));
  // The stored rating calls it note, the event text.
  const note = rating.note ?? rating.text;
  if (note) item.append(element("div", note));
  return item;
}

function describe(event) {
  switch (event.kind) {
    case "phase": return event.phase;
    case "call": return `${{ ok: "✓", "in-doubt": "?" }[event.result] ?? "✗"} ${event.tool}${event.result === "in-doubt" ? ": in doubt" : ` (${event.latencyMs} ms)`}`;
    case "rating": return `rates ${event.module}: ${event.rating ?? "no rating"}`;
    default: return event.text ? `${event.outcome}: ${event.text}` : event.outcome;
  }
}

const kinds = { phase: "phase", call: "tool", rating: "rating", end: "end" };

function drawEvent(event) {
  const item = element("li"), text = element("span");
  const bad = (event.kind === "call" && event.result !== "ok") || event.outcome === "failed" || event.outcome === "timed-out";
  text.append(element("strong", event.name), " ", describe(event));
  item.append(clock(event.at), " ", element("span", kinds[event.kind] ?? event.kind, "badge" + (bad ? " bad" : event.kind === "end" ? " good" : "")), " ", text);
  return item;
}

function drawActivity(events) {
  $("activity").replaceChildren(...events.map(drawEvent));
  $("no-activity").hidden = events.length > 0;
}

function onEvent(event) {
  $("activity").prepend(drawEvent(event));
  while ($("activity").childElementCount > maxActivity) $("activity").lastElementChild.remove();
  $("no-activity").hidden = true;

  const persona = state.personas.get(event.email);
  if (!persona) { load(); return; }
  if (!persona.tick || persona.tick.id !== event.tickId) persona.tick = { id: event.tickId, phase: "queued", toolCalls: 0 };
  if (event.kind === "phase") persona.tick.phase = event.phase;
  if (event.kind === "call") persona.tick.toolCalls++;
  if (event.kind === "end") {
    persona.tick.outcome = event.outcome;
    persona.tick.error = event.text;
    persona.lastTickAt = event.at;
  }
  if (event.kind === "rating") $("ratings").prepend(drawRating(event));
  while ($("ratings").childElementCount > 20) $("ratings").lastElementChild.remove();
  drawPersonas();
}

async function load() {
  const response = await fetch("/api/v1/live");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const view = await response.json();
  draw(view);
  return view;
}

function draw(view) {
  state.personas = new Map(view.personas.map(persona => [persona.email, persona]));
  for (const tick of view.ticks.toReversed()) {
    const persona = state.personas.get(tick.email);
    if (persona) persona.tick = tick;
  }
  $("ratings").replaceChildren(...view.ratings.map(drawRating));
  $("brain").textContent = `brain: ${view.brain}${view.model ? ` (${view.model})` : ""}`;
  $("problem").hidden = !view.problem;
  $("problem").textContent = view.problem ?? "";
  state.paused = view.paused;
  $("pause").hidden = false;
  $("pause").textContent = view.paused ? "Resume" : "Pause";
  drawPersonas();
}

function show(text, isGood) {
  $("state").textContent = text;
  $("state").className = "badge" + (isGood ? " good" : " bad");
}

function follow() {
  const events = new EventSource("/api/v1/events");
  events.addEventListener("hello", () => { show(state.paused ? "paused" : "live", !state.paused); load().then(view => drawActivity(view.activity)).catch(() => show("no data", false)); });
  for (const kind of ["phase", "call", "rating", "end"]) events.addEventListener(kind, message => onEvent(JSON.parse(message.data)));
  events.onerror = () => show("reconnecting", false);
}

$("pause").addEventListener("click", async () => {
  const response = await fetch(`/api/v1/${state.paused ? "resume" : "pause"}`, { method: "POST" });
  if (!response.ok) return;
  state.paused = (await response.json()).paused;
  $("pause").textContent = state.paused ? "Resume" : "Pause";
  show(state.paused ? "paused" : "live", !state.paused);
});

// The page comes with its first data; what happens since then is fetched when the stream is open.
const first = JSON.parse($("first").textContent);
draw(first);
drawActivity(first.activity);
follow();
setInterval(() => load().catch(() => {}), 30000);
