// Which of the STUN and TURN servers are of use.
import type { IceServer } from '../../protocol/media-plane.ts'
import { isOf } from './ice-servers.ts'
import { type ProbeOptions, probeStun } from './probe-stun.ts'
import { probeTurn } from './probe-turn.ts'

/**
 * The first STUN and the first TURN server that answers and holds. The ICE agent takes one of each, and one that is silent it waits
 * for beyond the end of the connection.
 */
export async function workingServers(
  servers: readonly IceServer[],
  options: ProbeOptions,
): Promise<{ readonly stun?: IceServer; readonly turn?: IceServer }> {
  const findings = await Promise.all(
    servers.map(async (server) => {
      const { status } = await (isOf('stun')(server) ? probeStun : probeTurn)(server, options)
      return status === 'fail' ? [] : [server]
    }),
  )
  const working = findings.flat()
  const [stun, turn] = [working.find(isOf('stun')), working.find(isOf('turn'))]
  return { ...(stun && { stun }), ...(turn && { turn }) }
}
