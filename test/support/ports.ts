/** Ports for servers of tests. Invariant: a port is given once a process, and nobody listens on it when it is given. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the system gives to connections, and elsewhere for each test process: a port that is free now is still free in a second. */
let nextPort = 20_000 + ((process.pid * 61) % 12_000);

/** Ports on loopback that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = nextPort++;
    if (nextPort >= 32_000) nextPort = 20_000;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
