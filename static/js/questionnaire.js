/* Saves each answer by itself, in order, and loses none.

   Every question has a revision that the server raises with each change. An answer is sent with the revision the page
   knows and with an id of its own, so a repeated request does no harm and a stale one comes back as a conflict with both
   values. What cannot be sent yet stays in this page's memory, in order, until the server has it. */

const form = document.getElementById("questions");
const token = () => form.querySelector("[name=csrfmiddlewaretoken]");
const questions = new Map();
const FIELDS = ["choice", "reason", "note", "evidence_title", "evidence_url"];
const RETRY = [2, 4, 8, 16, 32, 60];
const TIMEOUT_MS = 15000;
const ADDRESS = /^https?:\/\/[^\s/]+\.[^\s/]{2,}/;
const WHY_HALTED = {
  offline: "Offline or the server does not answer.",
  failing: "The server cannot save at the moment.",
  "signed-out": "You are signed out.",
};

let order = [];        // ids of questions with something to send, oldest first
let sending = null;    // id of the question that is on its way
let failures = 0;
let timer = 0;
let halted = "";       // "" or a key of WHY_HALTED
let wasWaiting = 0;
const delivered = new Set();  // ids of questions that waited and are saved now

class Question {
  constructor(box) {
    this.box = box;
    this.id = box.dataset.question;
    this.revision = Number(box.querySelector("[data-name=revision]").value);
    this.stored = this.read(true);
    this.pending = null;    // what is to be sent, and under which id
    this.uncertain = null;  // what was sent without an answer: sent again first, under the same id
    this.conflict = null;
    this.isFailing = false; // the server could not save it; the others go first
  }
  inputs(name) { return [...this.box.querySelectorAll(`[data-name="${name}"]`)]; }
  /* What stands on the page, or what the server wrote there: somebody may be quicker than the loading of this script. */
  read(asServed = false) {
    const values = {};
    for (const name of FIELDS) {
      const inputs = this.inputs(name);
      if (name === "choice") values[name] = (inputs.find((i) => (asServed ? i.defaultChecked : i.checked)) || { value: "" }).value;
      else values[name] = asServed ? inputs[0].defaultValue : inputs[0].value;
    }
    if (values.choice !== "na") values.reason = "";
    if (!values.evidence_url.trim()) values.evidence_title = "";
    return values;
  }
  /* A title waits for its link, which is typed after it: sent alone it would be refused. */
  lacksLink() { return Boolean(this.inputs("evidence_title")[0].value.trim()) && !this.inputs("evidence_url")[0].value.trim(); }
  isUnsent() { return Boolean(this.conflict) || this.lacksLink() || !same(this.read(), this.stored); }
  write(values) {
    for (const input of this.inputs("choice")) input.checked = input.value === values.choice;
    for (const name of FIELDS.slice(1)) {
      const [input] = this.inputs(name);
      if (input.value !== (values[name] || "")) input.value = values[name] || "";
    }
    unfold(this.box, "note", Boolean(values.note));
    unfold(this.box, "evidence", Boolean(values.evidence_url));
  }
  /* An open question has the button of "leave open" chosen, which only shows without script. */
  focus(options) {
    const choices = this.inputs("choice");
    (choices.find((i) => i.checked && i.value !== "") || choices[0]).focus(options);
  }
  words(choice) {
    const input = this.inputs("choice").find((i) => i.value === choice);
    return choice === "" || !input ? "Not answered" : input.parentElement.textContent.trim();
  }
  say(text, kind = "") {
    const place = this.box.querySelector("[data-statetext]");
    place.className = `state ${kind}`;
    place.replaceChildren();
    if (kind === "busy") place.append(Object.assign(document.createElement("span"), { className: "spin" }));
    if (kind === "ok") place.append(tick());
    place.append(text);
  }
  saySaved() {
    const values = this.read();
    if (values.choice === "na" && !values.reason.trim()) this.say("Say why, then it is saved", "bad");
    else if (!same(values, this.stored)) this.say("Not saved yet");
    else if (this.lacksLink()) this.say("The evidence needs a link", "bad");
    else if (this.revision) this.say("Saved", "ok");
    else this.say("");
  }
  problem(text) {
    const place = this.box.querySelector("[data-problem]");
    place.textContent = text;
    place.hidden = !text;
  }
}

const same = (a, b) => FIELDS.every((name) => a[name] === b[name]);

function tick() {
  const template = document.createElement("template");
  template.innerHTML = '<svg class="ic" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="m6.4 12.6-4-4L3.8 7.2l2.6 2.6 5.8-5.8 1.4 1.4Z"/></svg>';
  return template.content;
}

/* ---- what the page says ---- */

let lastSaid = 0;
function announce(text) {
  const place = document.getElementById("announce");
  const wait = Math.max(0, lastSaid + 1000 - Date.now());
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { place.textContent = text; lastSaid = Date.now(); }, wait);
}

function showWaiting() {
  const bar = document.getElementById("waiting");
  const count = new Set(sending ? [sending, ...order] : order).size;
  const held = halted && count;
  bar.hidden = !held;
  if (held) {
    const answers = count === 1 ? "1 answer is" : `${count} answers are`;
    document.getElementById("waiting-text").textContent = `${WHY_HALTED[halted]} ${answers} waiting on this page.`;
    if (!wasWaiting) announce(document.getElementById("waiting-text").textContent);
  }
  wasWaiting = held ? Math.max(wasWaiting, count) : wasWaiting;
  document.getElementById("savebar").classList.toggle("waiting", Boolean(held));
}

function showSaved(body) {
  const bar = document.getElementById("savebar");
  bar.hidden = false;
  document.getElementById("savetext").textContent = `Saved ${body.saved_at} UTC by you`;
  for (const [dimension, [answered, due]] of Object.entries(body.counts)) {
    const count = document.querySelector(`[data-count="${dimension}"]`);
    if (!count) continue;
    count.textContent = `${answered}/${due}`;
    count.closest("a").classList.toggle("done", answered === due);
    count.closest("a").querySelector(".pie .p").setAttribute("stroke-dasharray", `${due ? Math.floor(answered * 100 / due) : 0} 100`);
  }
  const [answered, due] = body.counts[form.dataset.dimension];
  document.getElementById("here").textContent = `${answered} of ${due} answered`;
  const left = due - answered;
  document.getElementById("left").textContent = left ? `${left} ${left === 1 ? "question" : "questions"} left here` : "All answered here";
  document.getElementById("finished").hidden = body.total[0] !== body.total[1];
  document.getElementById("preview").innerHTML = body.preview;
  document.title = document.title.replace(/\d+ of \d+ answered/, `${answered} of ${due} answered`);
}

/* ---- the queue ---- */

function changed(question) {
  const values = question.read();
  const rail = document.querySelector(`[data-rail="${question.id}"]`);
  question.problem("");
  if (question.conflict) return;
  if (values.choice === "na" && !values.reason.trim()) {
    question.pending = null;
    order = order.filter((id) => id !== question.id);
    question.say("Say why, then it is saved", "bad");
    return;
  }
  if (rail) rail.dataset.state = { "": "blank", dk: "unknown", na: "not_applicable" }[values.choice] || "graded";
  if (sending !== question.id && !question.uncertain && same(values, question.stored)) {
    question.pending = null;
    order = order.filter((id) => id !== question.id);
    question.saySaved();
    showWaiting();
    return;
  }
  question.pending = { values, mutation: uuid() };
  if (!order.includes(question.id)) order.push(question.id);
  if (halted) question.say("Not sent yet, kept on this page", "bad");
  showWaiting();
  pump();
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

async function pump() {
  if (sending || halted || !order.length) return;
  const next = order.find((id) => !questions.get(id).isFailing);
  if (!next) {
    halted = "failing";
    showWaiting();
    retryLater();
    return;
  }
  order = order.filter((id) => id !== next);
  const question = questions.get(next);
  const job = question.uncertain || question.pending;
  sending = question.id;
  if (!question.uncertain) question.pending = null;
  question.uncertain = null;
  if (question.pending) order.unshift(question.id);
  const slow = setTimeout(() => question.say("Saving", "busy"), 300);
  let answer;
  try {
    answer = await post(question, job);
  } catch {
    answer = { status: 0, body: {} };
  }
  clearTimeout(slow);
  sending = null;
  settle(question, job, answer);
  showWaiting();
  if (!order.length && !halted) {
    wasWaiting = 0;
    delivered.clear();
  }
  pump();
}

async function post(question, job, renewed = false) {
  const data = new FormData();
  for (const name of FIELDS) data.set(name, job.values[name]);
  data.set("assessment", form.querySelector("[name=assessment]").value);
  data.set("revision", question.revision);
  data.set("mutation", job.mutation);
  const response = await fetch(form.dataset.save.replace("QUESTION", encodeURIComponent(question.id)), {
    method: "POST", body: data, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { Accept: "application/json", "X-CSRFToken": token().value },
  });
  if (response.type === "opaqueredirect") return { status: 401, body: {} };
  const body = (response.headers.get("Content-Type") || "").startsWith("application/json") ? await response.json() : {};
  if (response.status === 403 && body.renew) {
    return !renewed && await renewToken() ? post(question, job, true) : { status: 401, body };
  }
  return { status: response.status, body };
}

/* After signing in again the page's token is old: the page itself, read anew, holds the new one. Not if somebody else
   signed in: this page's answers are not theirs. */
async function renewToken() {
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" }, redirect: "manual" });
  if (!response.ok) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[name=csrfmiddlewaretoken]");
  if (!fresh || page.getElementById("questions").dataset.user !== form.dataset.user) return false;
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = fresh.value;
  return true;
}

function settle(question, job, { status, body }) {
  if (status === 200) return settleSaved(question, job, body);
  if (status === 409) return settleConflict(question, body, job.ask ? {} : question.stored);
  if (status === 401) return hold(question, job, "signed-out");
  if (status === 0 || status === 503 || status === 429) return hold(question, job, "offline");
  if (status >= 500) return fail(question, job, status);
  /* Refused for good: the page keeps what was typed and says why. */
  const reason = body.error || "This answer was refused. Copy what you need and reload the page.";
  question.say("Not saved", "bad");
  question.problem(status === 423 || status === 403 ? `${reason} Your answer was: ${question.words(job.values.choice)}. ${job.values.note}` : reason);
  announce(`Not saved: ${reason}`);
  failures = 0;
}

function settleSaved(question, job, body) {
  failures = 0;
  /* A repeat of what the server had already: if somebody changed it since, the revision is further on than ours. Then it
     is sent once more as a change of its own, which comes back as a conflict, instead of taking theirs as seen. */
  const overtaken = body.revision > question.revision + 1;
  question.revision = overtaken ? question.revision + 1 : body.revision;
  question.box.querySelector("[data-name=revision]").value = question.revision;
  question.stored = job.values;
  if (overtaken && !question.pending) {
    question.pending = { values: job.values, mutation: uuid(), ask: true };
    order = [question.id, ...order];
  }
  if (!question.pending) {
    question.problem("");
    question.saySaved();
  }
  showSaved(body);
  if (wasWaiting) delivered.add(question.id);
  if (order.length) return;
  const said = wasWaiting ? `Sent ${delivered.size} ${delivered.size === 1 ? "answer" : "answers"}` : "Saved";
  if (wasWaiting) document.getElementById("savetext").textContent = said;
  announce(said);
}

/* Nothing is thrown away. Perhaps the server has it already, so it goes first again, under the same id. */
function hold(question, job, why) {
  question.uncertain = job;
  order = [question.id, ...order.filter((id) => id !== question.id)];
  for (const id of order) questions.get(id).say("Not sent yet, kept on this page", "bad");
  halted = why;
  if (why === "signed-out") {
    const dialog = document.getElementById("signin");
    document.getElementById("signin-link").href = form.dataset.signin;
    if (!dialog.open) dialog.showModal();
    return;
  }
  retryLater();
}

/* One answer that the server cannot save must not hold up the rest: it waits behind them, under the same id. */
function fail(question, job, status) {
  question.uncertain = job;
  question.isFailing = true;
  order = [...order.filter((id) => id !== question.id), question.id];
  question.say("Could not save, kept on this page", "bad");
  question.problem(`The server could not save this answer (error ${status}). It is tried again by itself.`);
  announce("Could not save. The answer is kept on this page.");
}

function retryLater() {
  clearTimeout(timer);
  timer = setTimeout(goOn, 1000 * RETRY[Math.min(failures, RETRY.length - 1)]);
  failures += 1;
}

function goOn() {
  clearTimeout(timer);
  for (const id of order) questions.get(id).isFailing = false;
  halted = "";
  pump();
  showWaiting();
}

/* ---- conflicts ---- */

/* What belongs together: a choice with its reason, a note, a link with its title. */
const GROUPS = [["choice", "reason"], ["note"], ["evidence_title", "evidence_url"]];

/* Three-way: what only one side changed is taken from that side; what both changed differently is for a person. */
function merge(base, mine, theirs) {
  const merged = {}, contested = [];
  for (const group of GROUPS) {
    const differs = (a, b) => group.some((name) => (a[name] || "") !== (b[name] || ""));
    const side = differs(mine, base) ? mine : theirs;
    for (const name of group) merged[name] = side[name] || "";
    if (differs(mine, base) && differs(theirs, base) && differs(mine, theirs)) contested.push(...group);
  }
  return { merged, contested };
}

/* `base` is what both sides started from; nothing where a person is to be asked about every difference. */
function settleConflict(question, body, base) {
  failures = 0;
  const mine = question.read();
  const theirs = Object.fromEntries(FIELDS.map((name) => [name, body.theirs[name] || ""]));
  const { merged, contested } = merge(base, mine, theirs);
  question.pending = null;
  order = order.filter((id) => id !== question.id);
  if (!contested.length) {
    accept(question, merged, theirs, body.revision);
    question.problem("");
    announce(`${body.by || "Somebody"} changed this answer too. Both changes are kept.`);
    return;
  }
  question.conflict = { base, theirs, revision: body.revision };
  question.box.querySelector(".conflict")?.remove();
  question.box.append(conflictBox(question, mine, theirs, body));
  question.say("Not saved: decide below", "bad");
}

function conflictBox(question, mine, theirs, body) {
  const box = document.getElementById("conflict").content.cloneNode(true);
  box.querySelector(".who").textContent = body.by || "Somebody";
  box.querySelector(".theirs").textContent = body.words;
  box.querySelector(".when").textContent = body.at || "the same time";
  box.querySelector(".mine").textContent = question.words(mine.choice);
  const names = [["note", "note"], ["evidence_url", "link"], ["reason", "reason"]];
  box.querySelector(".extra-words").textContent = names
    .filter(([name]) => theirs[name] !== mine[name])
    .flatMap(([name, word]) => [["Their", theirs[name]], ["Your", mine[name]]].filter(([, text]) => text).map(([whose, text]) => `${whose} ${word}: “${text}”. `))
    .join("");
  box.querySelector(".keep").addEventListener("click", () => decide(question, true));
  box.querySelector(".use").addEventListener("click", () => decide(question, false));
  return box;
}

function decide(question, keepMine) {
  const { base, theirs, revision } = question.conflict;
  const { merged: chosen, contested } = merge(base, question.read(), theirs);
  question.conflict = null;
  question.box.querySelector(".conflict").remove();
  if (!keepMine) for (const name of contested) chosen[name] = theirs[name];
  accept(question, chosen, theirs, revision);
  question.focus();
}

/* From here on the page knows their answer; what differs from it is sent as a change of its own. */
function accept(question, values, theirs, revision) {
  question.revision = revision;
  question.box.querySelector("[data-name=revision]").value = revision;
  question.stored = theirs;
  question.write(values);
  changed(question);
}

/* ---- folding, keys, sheet ---- */

function unfold(box, what, open) {
  const button = box.querySelector(`[data-open="${what}"]`);
  const part = document.getElementById(button.getAttribute("aria-controls"));
  part.classList.toggle("open", open);
  button.setAttribute("aria-expanded", String(open));
  return part;
}

function go(question) {
  if (!question) return;
  question.box.scrollIntoView({ block: "start" });
  question.focus({ preventScroll: true });
}

const KEYS = {
  d: (q) => pick(q, "dk"), n: (q) => pick(q, "na"),
  j: (q) => go(neighbour(q, 1)), k: (q) => go(neighbour(q, -1)),
  u: (q) => go(nextOpen(q)),
  e: (q) => unfold(q.box, "evidence", true).querySelector("input").focus(),
  o: (q) => unfold(q.box, "note", true).querySelector("textarea").focus(),
};

function pick(question, value) {
  const input = question.inputs("choice").find((i) => i.value === value);
  if (!input) return;
  input.checked = true;
  input.focus({ preventScroll: true });
  if (value === "na") question.inputs("reason")[0].focus();
  changed(question);
}

function neighbour(question, step) {
  const all = [...questions.values()];
  return all[all.indexOf(question) + step];
}

function nextOpen(question) {
  const all = [...questions.values()];
  const place = all.indexOf(question);
  return [...all.slice(place + 1), ...all.slice(0, place)].find((q) => q.read().choice === "");
}

form.addEventListener("keydown", (event) => {
  const box = event.target.closest(".q");
  if (!box || event.ctrlKey || event.altKey || event.metaKey) return;
  const question = questions.get(box.dataset.question);
  const typing = event.target.matches("textarea, input:not([type=radio])");
  if (event.key === "Enter" && !typing && event.target.matches("input")) {
    event.preventDefault();
    go(neighbour(question, event.shiftKey ? -1 : 1));
    return;
  }
  if (typing || form.dataset.keys !== "on" || event.shiftKey) return;
  const key = event.key.toLowerCase();
  if (key >= "1" && key <= "9" && key.length === 1) { event.preventDefault(); pick(question, String(Number(key) - 1)); }
  else if (KEYS[key]) { event.preventDefault(); KEYS[key](question); }
});

const sheet = document.getElementById("sheet");
document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  const link = event.target.closest("[data-sheet]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  try {
    const response = await fetch(link.href, { headers: { "X-Fragment": "1" } });
    if (!response.ok) throw new Error(String(response.status));
    document.getElementById("sheet-body").innerHTML = await response.text();
    sheet.showModal();
  } catch { location.href = link.href; }
});
sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });

/* ---- wiring ---- */

for (const box of form.querySelectorAll(".q")) {
  if (!box.querySelector("[data-name=revision]")) continue;
  const question = new Question(box);
  questions.set(question.id, question);
  let typing = 0;
  box.addEventListener("change", () => { clearTimeout(typing); changed(question); });
  box.addEventListener("input", (event) => {
    if (!event.target.matches("textarea, input:not([type=radio])")) return;
    clearTimeout(typing);
    /* Half an address would be refused: it waits for the rest, or for leaving the field. */
    if (event.target.type === "url" && event.target.value && !ADDRESS.test(event.target.value)) return;
    typing = setTimeout(() => changed(question), 600);
  });
  for (const button of box.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      const part = unfold(box, button.dataset.open, open);
      if (open) part.querySelector("textarea, input").focus();
    });
  }
  box.querySelector("[data-clear]").addEventListener("click", () => {
    for (const input of question.inputs("choice")) input.checked = input.value === "";
    changed(question);
  });
  if (!same(question.read(), question.stored)) changed(question);
}

/* The buttons of a proposal send the page itself, which is saved first. What is on its way is waited for, and while the
   server cannot be reached nothing is sent, so that no answer leaves with a page that never arrives. */
let isLeaving = false;
form.addEventListener("submit", async (event) => {
  const button = event.submitter;
  const isReady = () => !(sending || order.length || halted) && navigator.onLine;
  if (button?.name === "proposal" && !isLeaving && isReady()) {
    isLeaving = true;
    setTimeout(() => { isLeaving = false; }, 5000);
    return;
  }
  event.preventDefault();
  if (button?.name !== "proposal" || isLeaving) return;
  while (sending || order.length && !halted) await new Promise((resolve) => setTimeout(resolve, 50));
  if (isReady()) { form.requestSubmit(button); return; }
  const words = "The proposal was not decided, because the server does not answer. Your answers are kept on this page.";
  questions.get(button.closest(".q").dataset.question).problem(words);
  announce(words);
});
document.getElementById("send-now").addEventListener("click", goOn);
document.getElementById("signin-retry").addEventListener("click", () => { document.getElementById("signin").close(); goOn(); });
window.addEventListener("online", goOn);
window.addEventListener("offline", () => { if (order.length || sending) { halted = "offline"; showWaiting(); } });
window.addEventListener("focus", () => { if (halted === "signed-out") { document.getElementById("signin").close(); goOn(); } });

const isUnsent = () => Boolean(sending || order.length || [...questions.values()].some((q) => q.isUnsent()));
window.addEventListener("beforeunload", (event) => { if (isUnsent() && !isLeaving) event.preventDefault(); });

/* A link that is followed while an answer is on its way waits for it, at most three seconds. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.hasAttribute("data-sheet") || link.target || link.hash && link.pathname === location.pathname) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button || halted || !(sending || order.length)) return;
  event.preventDefault();
  const until = Date.now() + 3000;
  const wait = setInterval(() => {
    if ((sending || order.length) && Date.now() < until) return;
    clearInterval(wait);
    location.href = link.href;
  }, 50);
});
