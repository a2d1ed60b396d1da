"use strict";
// Comfort for the event's page: signs up without leaving it, and shows who joins and leaves as it happens.
// Without it the form posts as usual and leads to the manage page.

const LOOK_EVERY_MS = 2000;

const people = document.getElementById("people");
const count = document.getElementById("count");
const form = document.getElementById("signup");
const said = document.getElementById("said");

const json = { headers: { Accept: "application/json" }, credentials: "omit" };

function howMany(number) {
  if (number === 0) return "Nobody is in yet";
  return number === 1 ? "1 is in" : `${number} are in`;
}

function say(text, kind, link) {
  said.textContent = text;
  said.className = `notice ${kind}`;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = "Cancel or change it here";
    said.append(" ", anchor, " (keep this link).");
  }
  said.hidden = false;
}

function row(attendee, isNew) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.dir = "auto";
  name.textContent = attendee.name;
  const since = document.createElement("time");
  since.className = "hint";
  since.dateTime = attendee.since;
  since.textContent = attendee.since.slice(0, 10);
  item.append(name, since);
  if (isNew) item.className = "new";
  return item;
}

let shown = new Set([...people.querySelectorAll("li span")].map((name) => name.textContent));
let looking = false;
// What was sent last, until it was answered: sending it again under its key is the same request.
let attempt = {};

async function look() {
  // A further page of a long roster stays as it is; so does a page that nobody looks at.
  if (looking || document.hidden || people.dataset.further === "true") return;
  looking = true;
  try {
    const answer = await fetch(people.dataset.roster, { ...json, cache: "no-cache" });
    if (!answer.ok) return;
    const roster = await answer.json();
    const names = new Set(roster.attendees.map((attendee) => attendee.name));
    const changed = names.size !== shown.size || [...names].some((name) => !shown.has(name));
    count.textContent = howMany(roster.count);
    if (changed) {
      people.replaceChildren(...roster.attendees.map((attendee) => row(attendee, !shown.has(attendee.name))));
      shown = names;
    }
  } catch {
    // The server is away for a moment; the next look may find it.
  } finally {
    looking = false;
  }
}

async function outcome(manage, name) {
  for (let tries = 0; tries < 10; tries += 1) {
    const answer = await fetch(manage, json);
    if (answer.ok) {
      const { state } = await answer.json();
      if (state === "in") return say(`${name}, you are in.`, "good", manage);
      if (state === "not_yours") {
        return say(`Somebody is on the list as ${name} already. If that is not you, add something that tells you apart.`, "bad");
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return say(`${name}, your sign-up is on its way.`, "good", manage);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  if (attempt.body !== body) attempt = { body, key: newKey() };
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      ...json,
      method: "POST",
      headers: { ...json.headers, "Content-Type": "application/json", "Idempotency-Key": attempt.key },
      body,
    });
    const result = await answer.json();
    if (!answer.ok) return say(result.detail, "bad");
    attempt = {};
    form.reset();
    await outcome(new URL(result.manage).pathname, result.name);
    await look();
  } catch {
    say("The server did not answer. Try again: a repeat changes nothing.", "bad");
  } finally {
    button.disabled = false;
  }
});

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

setInterval(look, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", look);
