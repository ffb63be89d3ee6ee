// The signalling WebSocket: upgraded on the whole way, and the first message comes.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'
import { ticketQuery, upgradeHeaders } from '../web-socket.ts'

const nginxUpgrade =
  'Let the proxy pass the upgrade on; for nginx, in the location: proxy_http_version 1.1; ' +
  'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $http_host;'

export const websocketCheck = defineCheck({
  name: 'websocket',
  group: 'server',
  title: 'WebSocket (signalling)',
  about: 'The signalling WebSocket opens on the whole way, and the first message comes',
  where: 'here',
  needs: ['access'],
  deadlineS: 8,
  troubles: {
    'no-upgrade': {
      cause: 'A reverse proxy on the way does not pass on the headers that make a WebSocket of a request.',
      fix: nginxUpgrade,
    },
    refused: {
      cause: 'The server refuses a WebSocket that it would be asked for by its own pages.',
      fix: 'Let the proxy send the Host that it was called by (proxy_set_header Host $http_host;), or name the page with --allowed-origin.',
    },
    full: {
      cause: 'As many WebSockets or requests are open as the server lets in.',
      fix: 'Close some, or raise --max-connections and --rate-limit.',
    },
    silent: {
      cause: 'The WebSocket opens, and what is sent in it does not arrive: something on the way keeps or cuts it.',
      fix: 'In the proxy switch off buffering and let connections stand: proxy_buffering off; proxy_read_timeout 1h;',
    },
  },
  async run({ server, clock, signal }) {
    const { url, token } = server!
    const address = `${url}${routes.signalling[0]}`
    const origin = new URL(url).origin
    const headers = { ...upgradeHeaders(), origin }
    const {
      status,
      headers: answered,
      body,
    } = await ask(`${address}${await ticketQuery(url, token, signal)}`, { signal, headers })
    if (status !== 101) return refusal(status, body, answered.server?.toString())
    const beganMs = clock.now()
    const first = await firstMessage(
      `${address}${await ticketQuery(url, token, signal)}`.replace(/^http/, 'ws'),
      signal,
    )
    if (first === undefined) return { status: 'fail', detail: 'it opened, and nothing came', trouble: 'silent' }
    const firstMessageMs = clock.now() - beganMs
    return {
      status: 'pass',
      detail: `open, first message after ${Math.round(firstMessageMs)} ms`,
      values: { firstMessageMs },
    }
  },
})

function refusal(status: number, body: string, proxy: string | undefined) {
  const { error } = (parseJson(body) ?? {}) as { error?: unknown }
  const by = proxy === undefined ? '' : ` by ${proxy.slice(0, 60)}`
  const detail = `answered ${status}${by} in place of 101${typeof error === 'string' ? `: ${error.slice(0, 200)}` : ''}`
  if (status === 401 || status === 403) return { status: 'fail', detail, trouble: 'refused' } as const
  if (status === 429 || status === 503) return { status: 'fail', detail, trouble: 'full' } as const
  return { status: 'fail', detail, trouble: 'no-upgrade' } as const
}

/** Undefined when it ends before. */
async function firstMessage(address: string, signal: AbortSignal): Promise<string | undefined> {
  const socket = new WebSocket(address)
  const over = Promise.withResolvers<string | undefined>()
  socket.onmessage = ({ data }) => over.resolve(String(data))
  socket.onclose = () => over.resolve(undefined)
  socket.onerror = () => over.resolve(undefined)
  const onAbort = () => over.resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  const silence = AbortSignal.any([signal, AbortSignal.timeout(silentMs)])
  silence.addEventListener('abort', onAbort, { once: true })
  try {
    return await over.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.close()
  }
}

const silentMs = 4000
