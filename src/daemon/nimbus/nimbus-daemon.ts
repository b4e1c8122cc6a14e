/**
 * A nimbus with all that a real one has: HTTP in front, code on disk, a scheduler from a module. Invariant: it is heard of in the store only once it listens, and what cannot work
 * (port, scheduler, directory) fails before that.
 */
import { PolyboltError } from '../../model/errors.js';
import { createHttpServer, type HttpServer } from '../http/http-server.js';
import type { Security } from '../security/security.js';
import { Nimbus, type NimbusOptions, type NimbusPorts } from './nimbus.js';
import { NimbusBlobs } from './nimbus-blobs.js';
import { nimbusRoutes } from './nimbus-http.js';
import { loadScheduler } from './nimbus-scheduler.js';

export interface NimbusDaemonOptions extends Omit<NimbusOptions, 'url'> {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The URL that others use, of the one that it listens on. */
  readonly advertise: (url: string) => string;
  /** Of this nimbus alone. */
  readonly directory: string;
  /** Module of a scheduler, relative to `schedulerDirectory`. */
  readonly scheduler?: string | undefined;
  readonly schedulerDirectory: string;
  readonly sessionMs: number;
}

export interface NimbusDaemonPorts extends Omit<NimbusPorts, 'code' | 'schedule'> {
  readonly security: Security;
}

export class NimbusDaemon {
  /** As others reach it. */
  readonly url: string;
  /** Resolves when it is connected with the store; that may take for ever. Rejects for what waiting does not mend. */
  readonly ready: Promise<void>;
  readonly nimbus: Nimbus;
  readonly #server: HttpServer;

  private constructor(url: string, nimbus: Nimbus, server: HttpServer) {
    this.url = url;
    this.nimbus = nimbus;
    this.#server = server;
    this.ready = nimbus.start();
  }

  /** Resolves when it listens. Throws PB_LISTEN_FAILED, PB_SCHEDULER_INVALID, and what the directory's file system does. */
  static async start(options: NimbusDaemonOptions, ports: NimbusDaemonPorts): Promise<NimbusDaemon> {
    const { id, host, port, directory, advertise } = options;
    const { security, log, clock } = ports;
    const schedule = await loadScheduler(options.scheduler, options.schedulerDirectory);
    let started: Nimbus | undefined;
    const nimbus = (): Nimbus => {
      if (started !== undefined) return started;
      throw new PolyboltError('PB_STORE_UNREACHABLE', { message: 'this nimbus is only starting', hint: 'try again in a moment' });
    };
    const blobs = new NimbusBlobs(id, directory, security, { nimbuses: () => nimbus().nimbuses(), clock, log });
    const server = createHttpServer({ routes: nimbusRoutes({ id, nimbus, blobs, security, log }), security, log });
    const url = advertise(await server.listen(host, port));
    started = new Nimbus({ ...options, url }, { ...ports, code: blobs, schedule });
    return new NimbusDaemon(url, started, server);
  }

  /** Gives leadership back and ends; what runs on the cluster runs on. */
  async stop(): Promise<void> {
    await this.#server.close();
    await this.nimbus.stop();
  }
}
