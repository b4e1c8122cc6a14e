/**
 * A loopback proxy between two processes that can stop forwarding, cut its connections and go on: a network that misbehaves. Invariant: it runs in a thread
 * of its own, so that it forwards while the thread of the test is busy or blocked in a native call.
 */
import { Worker } from 'node:worker_threads';

export interface LoopbackProxy {
  /** Listens on it on 127.0.0.1. */
  readonly port: number;
  readonly address: string;
  /** Connections stay open and new ones are taken, but nothing is forwarded either way, until `resume`; then all of it is. */
  freeze(): Promise<void>;
  /** What clients send is forwarded, but no answer is, until `resume`; answers of connections that are closed before are lost. */
  deafen(): Promise<void>;
  /** Closes all connections and refuses new ones until `resume`. */
  cut(): Promise<void>;
  /** Closes all connections; new ones are taken. */
  disconnect(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** @param targetPort on 127.0.0.1. */
export async function startProxy(targetPort: number): Promise<LoopbackProxy> {
  const worker = new Worker(PROGRAM, { eval: true, workerData: { targetPort } });
  const answers: ((value: number) => void)[] = [];
  worker.on('message', (value: number) => answers.shift()?.(value));
  const ask = (command: string): Promise<number> =>
    new Promise((resolve) => {
      answers.push(resolve);
      worker.postMessage(command);
    });
  const port = await ask('listen');
  return {
    port,
    address: `127.0.0.1:${port}`,
    freeze: async () => void (await ask('freeze')),
    deafen: async () => void (await ask('deafen')),
    cut: async () => void (await ask('cut')),
    disconnect: async () => void (await ask('disconnect')),
    resume: async () => void (await ask('resume')),
    close: async () => void (await worker.terminate()),
  };
}

/** Plain JavaScript for the other thread. */
const PROGRAM = `
const { createServer, connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const links = new Set();
let frozen = false, deaf = false, refusing = false;
const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  if (refusing) return client.destroy();
  const target = connect({ port: workerData.targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const link = { client, target };
  links.add(link);
  forward(link, client, target);
  forward(link, target, client);
  hold(link);
});
function forward(link, from, to) {
  from.on('error', () => {});
  from.on('data', (data) => { if (!to.write(data)) { from.pause(); to.once('drain', () => { from.resume(); hold(link); }); } });
  from.on('end', () => to.end());
  from.on('close', () => { to.destroy(); links.delete(link); });
}
function hold({ client, target }) {
  if (frozen) client.pause();
  if (frozen || deaf) target.pause();
}
function disconnect() {
  for (const { client, target } of links) {
    client.destroy();
    target.destroy();
  }
}
const commands = {
  freeze() { frozen = true; for (const link of links) hold(link); },
  deafen() { deaf = true; for (const link of links) hold(link); },
  cut() { refusing = true; disconnect(); },
  disconnect,
  resume() {
    frozen = deaf = refusing = false;
    for (const { client, target } of links) {
      client.resume();
      target.resume();
    }
  },
};
parentPort.on('message', (command) => {
  if (command === 'listen') return server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  commands[command]();
  parentPort.postMessage(0);
});
`;
