// Which STUN and TURN servers there are to look at: those that were named here, otherwise those that the server tells its viewers.
import { readIceServers } from '../../protocol/ice-links.ts'
import type { IceServer } from '../../protocol/media-plane.ts'
import { whepPath } from '../../protocol/routes.ts'
import type { CheckContext } from '../context.ts'
import { ask } from '../http-ask.ts'

/** More are not asked. */
const maxServers = 16

/** With credentials: not to be printed. Empty where there are none, and where no server could be asked. */
export async function iceServersOf({ settings, server, signal }: CheckContext): Promise<readonly IceServer[]> {
  if (settings.iceServers.length > 0) return settings.iceServers.slice(0, maxServers)
  if (server?.state !== 'reached') return []
  // The address of any content: every answer names the servers (RFC 9725 4.6).
  const token: Record<string, string> = server.token === undefined ? {} : { authorization: `Bearer ${server.token}` }
  const { headers } = await ask(`${server.url}${whepPath('any')}`, { method: 'OPTIONS', headers: token, signal })
  return readIceServers([headers.link ?? []].flat().join(', ')).slice(0, maxServers)
}

export const isOf = (kind: 'stun' | 'turn') => (server: IceServer) => server.urls.toLowerCase().startsWith(kind)

/** STUN servers; a TURN server is a STUN server too, but is looked at as what it is. */
export const stunServers = async (context: CheckContext): Promise<IceServer[]> =>
  (await iceServersOf(context)).filter(isOf('stun'))

export const turnServers = async (context: CheckContext): Promise<IceServer[]> =>
  (await iceServersOf(context)).filter(isOf('turn'))
