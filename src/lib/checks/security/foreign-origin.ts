// Cross-site requests: a page of another origin may neither change anything nor open a WebSocket.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'
import { ticketQuery, upgradeHeaders } from '../web-socket.ts'

const origin = 'https://attacker.invalid'

export const foreignOriginCheck = defineCheck({
  name: 'foreign-origin',
  group: 'security',
  title: 'Pages of others are refused',
  about: 'A page of another origin may neither POST nor open a WebSocket (CSRF, cross-site WebSocket hijacking)',
  where: 'here',
  needs: ['server'],
  deadlineS: 6,
  troubles: {
    post: {
      cause: 'Something on the way takes the Origin header off, or answers in place of the server.',
      fix: 'Let the proxy pass the header on as it is: take out proxy_set_header Origin.',
    },
    websocket: {
      cause:
        'Something on the way takes the Origin header off WebSockets: any page that a person opens could use their session.',
      fix: 'Let the proxy pass the header on as it is: take out proxy_set_header Origin.',
    },
  },
  async run({ server, signal }) {
    const { url, token, access } = server!
    // A ticket is all that a server gives away for this, and none to this origin.
    const posted = await ask(`${url}${routes.ticket}`, {
      method: 'POST',
      signal,
      headers: { ...bearer(token), origin },
    })
    if (posted.status >= 200 && posted.status < 300)
      return { status: 'fail', detail: `a POST from ${origin} is answered ${posted.status}`, trouble: 'post' }
    const query = access === 'granted' ? await ticketQuery(url, token, signal) : ''
    const headers = { ...upgradeHeaders(), origin }
    const opened = await ask(`${url}${routes.signalling[0]}${query}`, { signal, headers })
    if (opened.status === 101)
      return { status: 'fail', detail: `a WebSocket from ${origin} is opened`, trouble: 'websocket' }
    return { status: 'pass', detail: `POST answered ${posted.status}, WebSocket ${opened.status}` }
  },
})
