// Which addresses of this machine reach a server: on others a viewer would gather candidates that lead nowhere.
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { isLoopback } from '../model/bind.ts'

/** One for each family that the server has, or loopback of IPv4 for a server of this machine. Throws SERVER_UNREACHABLE. */
export async function localAddressesFor(server: string): Promise<string[]> {
  const { hostname, port, protocol } = new URL(server)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isLoopback(host)) return ['127.0.0.1']
  const found = await lookup(host, { all: true }).catch((error: unknown) => {
    throw new McpxError('SERVER_UNREACHABLE', `${host} is no name of a machine: ${toMcpxError(error).message}`)
  })
  if (found.some(({ address }) => isLoopback(address))) return ['127.0.0.1']
  const target = Number(port) || (protocol === 'https:' ? 443 : 80)
  const firsts = [4, 6].flatMap((family) => found.find((one) => one.family === family) ?? [])
  const locals = await Promise.all(firsts.map(({ address, family }) => localAddress(address, family as 4 | 6, target)))
  const reached = locals.filter((address) => address !== undefined)
  if (reached.length > 0) return [...new Set(reached)]
  throw new McpxError('SERVER_UNREACHABLE', `no way leads from here to ${host}`)
}

/** What the system would send from; nothing is sent. Undefined where there is no route. */
function localAddress(address: string, family: 4 | 6, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    const done = (local?: string) => {
      socket.close()
      resolve(local)
    }
    socket.once('error', () => done())
    socket.connect(port, address, () => done(socket.address().address))
  })
}
