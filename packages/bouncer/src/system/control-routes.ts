import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { parseAddress } from '../core/address.js';
import type { Control, GrantList } from '../core/control.js';
import type { GrantTarget } from '../core/grant-view.js';
import type { Log } from './log.js';
import { reasonOf } from './reason.js';

/** Largest body of a request in bytes: a packet in base64 is some 700. */
const MOST_BODY_BYTES = 4 * 1024;

/** RFC 4648 section 4, with padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is answered. */
interface Answer {
  readonly status: number;
  /** An object is sent as JSON. */
  readonly body: object | string;
  readonly type?: string;
}

interface Request {
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

type Route = (control: Control, request: Request) => Answer | Promise<Answer>;

/** Every method and path there is (docs/control.md). */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/status': { GET: (control) => ({ status: 200, body: control.status() }) },
  '/grants': {
    GET: (control) => ({ status: 200, body: { grants: control.grants() } satisfies GrantList }),
    async DELETE(control, { query }) {
      const target = targetOf(query);
      if (target === undefined) return failure(400, 'name one of name, id, address, client, or all');
      return { status: 200, body: { grants: await control.revoke(target) } satisfies GrantList };
    },
  },
  '/reload': {
    async POST(control) {
      const problems = await control.reload();
      return {
        status: problems.length === 0 ? 200 : 422,
        body: { reloaded: problems.length === 0, problems },
      };
    },
  },
  '/confirm': {
    async POST(control) {
      const refusal = await control.confirm();
      return refusal === undefined ? { status: 200, body: { confirmed: true } } : failure(409, refusal);
    },
  },
  '/submit': {
    async POST(control, { body }) {
      const text = body.toString('latin1').replaceAll(/\s+/g, '');
      if (!BASE64.test(text)) return failure(400, 'the body is not a packet in base64');
      const submission = await control.submit(Buffer.from(text, 'base64'));
      if (submission === undefined) {
        return failure(403, 'packets are not taken here: the config has no max_age in [submit]');
      }
      return { status: submission.decision === 'accept' ? 200 : 422, body: submission };
    },
  },
  '/replay': { GET: (control) => ({ status: 200, body: control.replay() }) },
  '/metrics': {
    async GET(control) {
      const { CONTENT_TYPE, metricsText } = await import('./metrics.js');
      return { status: 200, body: await metricsText(control.status()), type: CONTENT_TYPE };
    },
  },
};

/** Answers requests at the control socket. */
export function controlListener(control: Control, log: Log): RequestListener {
  return (request, response) => {
    answer(control, request)
      .catch((err: unknown) => {
        log.error({ err }, `a request at the control socket could not be answered: ${reasonOf(err)}`);
        return failure(500, reasonOf(err));
      })
      .then((reply) => {
        send(response, reply);
      })
      .catch(() => undefined); // whoever asked is gone
  };
}

async function answer(control: Control, request: IncomingMessage): Promise<Answer> {
  const { method = '', url = '' } = request;
  const [path = '', query = ''] = url.split('?', 2);
  const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (methods === undefined) return failure(404, `there is nothing at ${path}`);
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (route === undefined) return failure(405, `${path} takes ${Object.keys(methods).join(', ')} only`);
  const body = await readBody(request);
  if (body === undefined) return failure(413, `the body is larger than ${MOST_BODY_BYTES} bytes`);
  return route(control, { query: new URLSearchParams(query), body });
}

/** @returns `undefined` if it is not just one */
function targetOf(query: URLSearchParams): GrantTarget | undefined {
  const [[key, value] = ['', ''], ...more] = [...query];
  if (more.length > 0) return undefined;
  switch (key) {
    case 'all':
      return 'all';
    case 'id':
      return { id: value };
    case 'client':
      return { client: value };
    case 'name':
      return { name: value };
    case 'address': {
      const address = parseAddress(value);
      return address && { address };
    }
    default:
      return undefined;
  }
}

function failure(status: number, error: string): Answer {
  return { status, body: { error } };
}

/** @returns `undefined` if it is too large */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST_BODY_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: Answer): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text) };
  // The rest of a request that was not read is not waited for.
  response.writeHead(status, status >= 400 ? { ...headers, connection: 'close' } : headers).end(text);
}
