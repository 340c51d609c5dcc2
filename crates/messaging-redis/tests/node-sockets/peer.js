// A Socket.IO server, an emitter and clients, all as they come from npm. A test runs pieces of programs here: one line
// of JSON in, `{code}`, and one line out, `{value}` or `{error}`.
'use strict';
const http = require('node:http');
const net = require('node:net');
const Redis = require('ioredis');
const { Server } = require('socket.io');
const { createAdapter } = require('@socket.io/redis-adapter');
const { Emitter } = require('@socket.io/redis-emitter');
const { io: client } = require('socket.io-client');

const redisUrl = process.argv[2];
const redis = () => {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  connection.on('error', () => {});
  return connection;
};
const publishing = redis();
const listening = redis();
const site = http.createServer();
const io = new Server(site, { adapter: createAdapter(publishing, listening, { requestsTimeout: 2000 }) });
const emitter = new Emitter(redis());

// What servers said to this one.
const said = [];
io.on('said', (...args) => said.push(args));
io.on('ask', (question, answer) => answer({ node: question }));
io.on('connection', (socket) => {
  for (const room of socket.handshake.auth.rooms ?? []) socket.join(room);
});

// A client and all that it hears. It answers every question with its name.
const clients = {};
async function connect(name, url, auth = {}, more = {}) {
  const socket = client(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true, ...more });
  const heard = [];
  clients[name] = { socket, heard };
  socket.on('disconnect', (reason) => heard.push(['disconnect', reason]));
  socket.onAny((event, ...args) => {
    if (typeof args.at(-1) === 'function') args.pop()(name);
    else heard.push([event, ...args]);
  });
  await new Promise((done, failed) => socket.once('connect', done).once('connect_error', failed));
  return socket.id;
}
async function until(holds, what) {
  for (const end = Date.now() + 30000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`never: ${typeof what === 'function' ? what() : holds}`);
}
// What a client heard, once it heard so many things, and forgets it.
async function heard(name, count) {
  const all = clients[name].heard;
  const told = () => {
    const each = Object.entries(clients).map(([who, { heard, socket }]) => [who, socket.connected, heard.slice(0, 20)]);
    return `${name} hears ${count}; redis ${listening.status}; ${JSON.stringify(each)}`;
  };
  await until(() => all.length >= count, told);
  return all.splice(0);
}

const AsyncFunction = (async () => {}).constructor;
const scope = { io, emitter, clients, said, connect, heard, until, redis, listening };
const run = (code) => new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope));

site.listen(0, '127.0.0.1', () => {
  const control = net.createServer((test) => {
    test.on('error', () => process.exit(0)).on('close', () => process.exit(0));
    let partial = '';
    test.setEncoding('utf8').on('data', async (text) => {
      partial += text;
      const lines = partial.split('\n');
      partial = lines.pop();
      for (const line of lines) {
        const answer = await run(JSON.parse(line).code).then(
          (value) => ({ value: value ?? null }),
          (error) => ({ error: String(error.stack ?? error) }),
        );
        test.write(`${JSON.stringify(answer)}\n`);
      }
    });
  });
  control.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ control: control.address().port, site: site.address().port }));
  });
});
