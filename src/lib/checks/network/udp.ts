// UDP between here and the server: what of it is blocked where HTTP passes.
import { defineCheck } from '../check.ts'
import { judgeUdp, udpTroubles } from './judge-udp.ts'

export const udpCheck = defineCheck({
  name: 'udp',
  group: 'network',
  title: 'UDP to and from the server',
  about:
    'ICE checks to each address that the server names, small and large, and back: which direction is blocked where HTTP passes',
  where: 'here',
  needs: ['access', 'content'],
  deadlineS: 20,
  troubles: udpTroubles,
  async run({ server, content, clock, signal }) {
    const { probeUdp } = await import('./ice-probe.ts')
    return judgeUdp(await probeUdp({ api: server!.api, url: server!.url, content: content!, clock, signal }))
  },
})
