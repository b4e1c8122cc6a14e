/** The links of a worker to its peers: what its file says, given to the transport. Invariant: it listens before anything of it runs, so that peers find it as soon as it is up. */
import { PolyboltError } from '../../model/errors.js';
import type { Log } from '../../model/log.js';
import { createWsTransport, type WsNetwork } from '../../transport/ws-network.js';
import { checkTls } from '../security/secret-files.js';
import type { WorkerFile } from './worker-file.js';

/** A worker that was killed a moment ago may hold its port that much longer. */
const LISTEN_TRIES = 20;
const LISTEN_AGAIN_MS = 100;

/** Rejects with PB_LISTEN_FAILED when the port stays taken. */
export async function openLinks(file: WorkerFile, log: Log): Promise<WsNetwork> {
  const { record, worker, launch, listenHost, linkToken, tls } = file;
  const options = {
    topologyId: record.id,
    incarnation: worker.incarnation,
    launch,
    host: listenHost,
    port: worker.port,
    token: linkToken,
    ...(tls === null ? {} : { tls: checkTls(tls) }),
    random: Math.random,
    log,
  };
  for (let tries = 1; ; tries++) {
    try {
      return await createWsTransport(options);
    } catch (error) {
      if (!(error instanceof PolyboltError && error.code === 'PB_LISTEN_FAILED') || tries === LISTEN_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LISTEN_AGAIN_MS));
    }
  }
}
