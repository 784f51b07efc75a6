// What moves on the page without a reload? Fresh parts every two seconds, relative times, keys, the filter.
"use strict";

const main = document.getElementById("main");
const byId = (id) => document.getElementById(id);
document.documentElement.classList.add("js");

// ── Times ──────────────────────────────────────────────────────────────────────────────────────────────────
// Counted from the gateway's clock, which need not agree with this machine's.

let ahead = Number(main.dataset.now) - Date.now();
const now = () => Date.now() + ahead;

// words.py says it the same way.
function span(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  let [large, small, names] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60), ["h", "min"]];
  if (large >= 48) [large, small, names] = [Math.floor(s / 86400), Math.floor((s % 86400) / 3600), ["d", "h"]];
  return small ? `${large} ${names[0]} ${small} ${names[1]}` : `${large} ${names[0]}`;
}

const says = {
  ago: (at, t) => (t - at < 1000 ? "just now" : `${span(t - at)} ago`),
  ahead: (at, t) => (at - t < 1000 ? "due now" : `in ${span(at - t)}`),
  age: (at, t) => span(t - at),
};

function tick() {
  const t = now();
  for (const element of document.querySelectorAll("time[data-when]")) {
    const text = says[element.dataset.when](Date.parse(element.dateTime), t);
    if (element.textContent !== text) element.textContent = text;
  }
}
setInterval(tick, 1000);

const clockTime = (at) => new Date(at).toLocaleTimeString([], { hour12: false });

// ── Fresh parts ────────────────────────────────────────────────────────────────────────────────────────────
// Only what differs is touched, so focus, scroll and selection stay where they are.

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined);
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.dataset.rev !== undefined && old.dataset.rev !== fresh.dataset.rev) fresh.classList.add("changed");
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}

const blank = (node) => node.nodeType === Node.TEXT_NODE && !node.data.trim();

// The node among old siblings, from `here` on, that becomes `wanted`. A keyed one is never taken for another.
function matching(here, wanted) {
  if (blank(wanted)) return here && blank(here) ? here : null;
  while (here && keyOf(here) === undefined && !alike(here, wanted)) here = here.nextSibling;
  return here && alike(here, wanted) ? here : null;
}

function morphChildren(old, fresh) {
  const staying = new Set([...fresh.children].map(keyOf));
  staying.delete(undefined);
  const keyed = new Map([...old.children].map((child) => [keyOf(child), child]));
  let here = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const match = key === undefined ? matching(here, wanted) : keyed.get(key);
    if (!match || !alike(match, wanted)) {
      if (wanted.dataset?.rev !== undefined) wanted.classList.add("changed");
      old.insertBefore(wanted, here);
      continue;
    }
    // What stands before it goes, rather than that it moves: what is moved loses the focus.
    while (here !== match && !staying.has(keyOf(here))) here = dropped(here);
    if (here === match) here = here.nextSibling;
    else old.insertBefore(match, here);
    morph(match, wanted);
  }
  while (here) here = dropped(here);
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// ── What is said aloud ─────────────────────────────────────────────────────────────────────────────────────

const figures = () =>
  Object.fromEntries([...document.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, e.textContent.trim()]));
let said = figures();
let saidAt = 0;
const title = document.title;

function announce() {
  const present = figures();
  const held = present.Held ?? "0";
  document.title = held === "0" ? title : `(${held} held) ${title}`;
  const changed = Object.keys(present).filter((word) => present[word] !== said[word]);
  // Not more often than every ten seconds: whoever listens must be able to work.
  if (changed.length === 0 || Date.now() - saidAt < 10000) return;
  byId("announce").textContent = changed.map((word) => `${word} ${present[word]}, was ${said[word] ?? 0}`).join(". ");
  said = present;
  saidAt = Date.now();
}

// ── The pulse ──────────────────────────────────────────────────────────────────────────────────────────────

const EVERY = 2000;
const GIVE_UP = 8000;
let tag = main.dataset.tag;
let heard = now();
let failures = 0;
let timer = 0;
let asking = null;

function show(state, word) {
  byId("pulse").dataset.state = state;
  byId("pulse-word").textContent = word;
}

function stale(text, link) {
  const bar = byId("stale");
  bar.textContent = text;
  if (link) bar.append(" ", Object.assign(document.createElement("a"), link));
  bar.hidden = false;
}

async function ask() {
  asking = new AbortController();
  const limit = setTimeout(() => asking.abort(), GIVE_UP);
  try {
    const answer = await fetch(main.dataset.live, {
      headers: { "If-None-Match": tag },
      cache: "no-store",
      redirect: "error",
      signal: asking.signal,
    });
    if (answer.status === 401) return signedOut();
    if (answer.status !== 200 && answer.status !== 304) throw new Error(String(answer.status));
    const fresh = answer.status === 200 ? await answer.text() : null;
    ahead = Number(answer.headers.get("X-Claimgw-Now")) - Date.now();
    tag = answer.headers.get("ETag") ?? tag;
    if (fresh !== null) put(fresh);
    alive();
  } catch (fault) {
    if (!document.hidden) away();
  } finally {
    clearTimeout(limit);
    asking = null;
  }
}

function put(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const focused = document.activeElement;
  morphChildren(main, fresh.content);
  if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  filter();
  tick();
  announce();
}

function alive() {
  failures = 0;
  heard = now();
  byId("stale").hidden = true;
  show("live", "Live");
  next(EVERY);
}

function away() {
  failures += 1;
  show("stale", "Stale");
  stale(`Stale since ${clockTime(heard)}. The gateway does not answer; trying again.`);
  next(Math.min(EVERY * 2 ** (failures - 1), 10000));
}

function signedOut() {
  show("stale", "Signed out");
  stale(`Stale since ${clockTime(heard)}. You are signed out.`, { href: location.href, textContent: "Sign in again" });
}

function next(wait) {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(ask, wait);
}

if (main.dataset.live) {
  announce();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) show("resting", "Resting");
    else if (!asking) ask();
  });
  next(EVERY);
}

// ── The filter ─────────────────────────────────────────────────────────────────────────────────────────────

const rows = () => [...document.querySelectorAll("[data-row]")];
const visible = () => rows().filter((row) => !row.hidden);

function filter() {
  const list = byId("filterable");
  const field = byId("filter");
  if (!list || !field) return;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of list.querySelectorAll("[data-row]")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) count += 1;
  }
  byId("shown").textContent = count;
  byId("no-match").hidden = count > 0;
}

main.addEventListener("input", (event) => {
  if (event.target.id === "filter") filter();
});

// ── Keys ───────────────────────────────────────────────────────────────────────────────────────────────────

const help = byId("help");
byId("help-open")?.addEventListener("click", () => help.showModal());

function step(by) {
  const list = visible();
  if (list.length === 0) return;
  const at = list.indexOf(document.activeElement.closest("[data-row]"));
  const target = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by));
  const link = list[target].querySelector("a");
  link.focus();
  list[target].scrollIntoView({ block: "nearest" });
}

const keys = {
  "/": () => byId("filter")?.focus(),
  "?": () => help?.showModal(),
  j: () => step(1),
  k: () => step(-1),
  o: () => document.querySelector(".top nav a")?.click(),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && event.target.id === "filter") {
    event.target.value = "";
    event.target.blur();
    filter();
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || help?.open || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
