#!/usr/bin/env node
// Follows Tenure's feed over a WebSocket, with the `ws` package (Debian: nodejs node-ws; else npm install ws@8).
//
//     TENURE_TOKEN=tnr_... node tools/examples/follow.js ws://127.0.0.1:7400 feed.cursor [COUNT] [FILTERS]
//
// Prints each event as one line of JSON. Whatever ends the connection, or this program, the next one goes on behind
// what was printed, by the cursor in that file. What was printed just before a crash may come again, with the same
// position; nothing is missed, and a position that is missing ends the program. With FILTERS ('org=acme') positions
// may be left out. COUNT ends it after so many events. A Node that is not Debian's needs NODE_PATH=/usr/share/nodejs to
// find Debian's `ws`.
'use strict';

const fs = require('fs');
const WebSocket = require('ws');

const [url, file, count = '0', filters = ''] = process.argv.slice(2);
if (!file || !process.env.TENURE_TOKEN) {
  console.error('usage: TENURE_TOKEN=tnr_... follow.js ws://HOST:PORT CURSOR_FILE [COUNT] [FILTERS]');
  process.exit(2);
}
const SAVE_EVERY_MS = 200;

// Which position comes next, of which store.
let cursor = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : { store: null, cursor: 1 };
let seen = 0;
let savedAt = 0;

// Replaced as a whole, so that it is never half written. What was printed left before: writeSync waits for that.
function save(atOnce) {
  if (!cursor.store || (!atOnce && Date.now() - savedAt < SAVE_EVERY_MS)) return;
  const fresh = fs.openSync(file + '.new', 'w');
  fs.writeSync(fresh, JSON.stringify(cursor));
  fs.fsyncSync(fresh);
  fs.closeSync(fresh);
  fs.renameSync(file + '.new', file);
  savedAt = Date.now();
}

function print(line) {
  for (let rest = Buffer.from(line + '\n'); rest.length > 0;) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error; // a pipe that is full for the moment
    }
  }
}

function leave(code) {
  save(true);
  process.exit(code);
}

function follow() {
  const query = `cursor=${cursor.cursor}` + (cursor.store ? `&store=${cursor.store}` : '') + (filters && `&${filters}`);
  const feed = new WebSocket(`${url}/v1/feed?${query}`, {
    headers: { Authorization: 'Bearer ' + process.env.TENURE_TOKEN },
    maxPayload: 64 * 1024 * 1024,
  });
  feed.on('message', (text) => {
    const message = JSON.parse(text);
    if (message.version === undefined) { // hello, heartbeat, error
      console.error(String(text));
      if (message.type === 'hello') cursor.store = message.store;
      if (message.type === 'heartbeat') cursor.cursor = message.through + 1; // all that matches came, up to here
      return save(false);
    }
    if (message.position < cursor.cursor || (message.position > cursor.cursor && !filters)) {
      console.error(`position ${message.position} came for ${cursor.cursor}`);
      leave(1);
    }
    print(String(text));
    cursor.cursor = message.position + 1;
    save(false);
    if (++seen === Number(count)) leave(0);
  });
  feed.on('unexpected-response', (_, answer) => {
    console.error(`refused: ${answer.statusCode}`);
    if (answer.statusCode !== 429 && answer.statusCode !== 503) leave(1);
    answer.destroy();
    setTimeout(follow, 1000);
  });
  feed.on('error', (error) => console.error(error.message));
  feed.on('close', (code, reason) => {
    console.error(`closed: ${code} ${reason}; again in a second`);
    save(true);
    setTimeout(follow, 1000);
  });
}

process.on('SIGTERM', () => leave(143));
process.on('SIGINT', () => leave(130));
follow();
