// Every configured STUN server, from here: it answers, and tells where it sees us.
import { defineCheck } from '../check.ts'
import { stunTroubles } from './ice-server-troubles.ts'
import { stunServers } from './ice-servers.ts'

export const stunCheck = defineCheck({
  name: 'stun',
  group: 'webrtc',
  title: 'STUN servers',
  about:
    'Each STUN server (--ice-server, or those that the server tells its viewers) answers from here, and where it sees us',
  where: 'here',
  needs: [],
  deadlineS: 10,
  troubles: stunTroubles,
  async run(context) {
    const servers = await stunServers(context)
    if (servers.length === 0) return { status: 'skipped', detail: 'no STUN server: --ice-server stun:host:port' }
    const { probeStun } = await import('./probe-stun.ts')
    return Promise.all(servers.map((server) => probeStun(server, context)))
  },
})
