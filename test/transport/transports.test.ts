/** Loopback and ws do the same. */
import t from 'tap';
import { LoopbackNetwork } from '../../src/transport/loopback.js';
import { transportContract } from './transport-contract.js';
import { introduce, startWorker, type WsWorker } from './workers.js';

transportContract(t, 'loopback', () => {
  const network = new LoopbackNetwork();
  return { join: async (worker, events) => network.join(worker, events), introduce: () => {}, close: async () => {} };
});

transportContract(t, 'ws', () => {
  const workers: WsWorker[] = [];
  return {
    join: async (name, events) => {
      const worker = await startWorker(name, {}, events);
      workers.push(worker);
      return worker.transport;
    },
    introduce: () => {
      for (const worker of workers) introduce(worker, ...workers.filter((other) => other !== worker));
    },
    close: async () => {
      await Promise.all(workers.map(({ network }) => network.close()));
    },
  };
});
