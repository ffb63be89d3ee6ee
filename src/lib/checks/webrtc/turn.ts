// Every configured TURN server, from here: it answers, the credentials hold, and it really relays.
import { defineCheck } from '../check.ts'
import { turnTroubles } from './ice-server-troubles.ts'
import { turnServers } from './ice-servers.ts'

export const turnCheck = defineCheck({
  name: 'turn',
  group: 'webrtc',
  title: 'TURN servers',
  about:
    'Each TURN server (--ice-server, or those that the server tells its viewers): credentials, allocation, and data through the relay both ways',
  where: 'here',
  needs: [],
  deadlineS: 12,
  troubles: turnTroubles,
  async run(context) {
    const servers = await turnServers(context)
    if (servers.length === 0)
      return { status: 'skipped', detail: 'no TURN server: --ice-server "turn:host:port?username=…&credential=…"' }
    const { probeTurn } = await import('./probe-turn.ts')
    return Promise.all(servers.map((server) => probeTurn(server, context)))
  },
})
