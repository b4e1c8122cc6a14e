/** The code of topologies over HTTP, for supervisors and other nimbuses. Invariant: a blob that goes out or comes in is the one that its name says, or the connection breaks. */
import { BLOB_BYTES_MAX } from '../../model/limits.js';
import type { HttpRequest, Route } from '../http/http-server.js';
import type { NimbusHttpPorts } from './nimbus-http.js';

const PATH = '/v1/blobs/:sha256';

export function blobRoutes({ blobs }: NimbusHttpPorts): readonly Route[] {
  const named = (request: HttpRequest): string => request.params['sha256'] as string;
  return [
    {
      method: 'HEAD',
      path: PATH,
      token: 'daemon',
      handle: async (request) => ({ status: blobs.has(named(request)) ? 200 : 404 }),
    },
    {
      method: 'GET',
      path: PATH,
      token: 'daemon',
      handle: async (request) => {
        // A nimbus that asks for what it lacks asks each other one once: nobody asks on in its name.
        const own = request.query.get('own') === 'true';
        const { stream, bytes } = own ? await blobs.openOwn(named(request)) : await blobs.open(named(request));
        return { stream, headers: { 'content-type': 'application/gzip', 'content-length': String(bytes) } };
      },
    },
    {
      method: 'PUT',
      path: PATH,
      token: 'daemon',
      bytesMax: BLOB_BYTES_MAX,
      handle: async (request) => {
        await blobs.receive(request.body(), named(request));
        return { status: 201 };
      },
    },
  ];
}
