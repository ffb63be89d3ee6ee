// Which addresses of the other side are checked: it names them, and what it names is hit with packets of ours.
import { BlockList, isIP } from 'node:net'
import type { RemoteCandidate } from '../sdp/sdp.ts'

/** Distinct addresses (with port) of one ICE session; browsers name a handful. */
export const maxRemoteCandidates = 16

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Link-local, multicast and broadcast, of both families (RFC 6890). */
const unroutable = new BlockList()
unroutable.addSubnet('0.0.0.0', 8)
unroutable.addSubnet('169.254.0.0', 16)
unroutable.addSubnet('224.0.0.0', 4)
unroutable.addSubnet('240.0.0.0', 4)
unroutable.addSubnet('fe80::', 10, 'ipv6')
unroutable.addSubnet('ff00::', 8, 'ipv6')
unroutable.addAddress('::', 'ipv6')

const holds = (list: BlockList, address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

export class RemoteCandidates {
  readonly #listensOnLoopback: boolean
  readonly #known = new Set<string>()

  /** `localAddresses`: those our sockets are bound to. */
  constructor(localAddresses: readonly string[]) {
    this.#listensOnLoopback = localAddresses.some((address) => holds(loopback, address))
  }

  /** False for one more than allowed, one that is known, and one that this server must not reach out to. */
  accepts({ address, port }: Pick<RemoteCandidate, 'address' | 'port'>): boolean {
    const key = `${address.toLowerCase()} ${port}`
    if (isIP(address) === 0 || this.#known.has(key) || this.#known.size >= maxRemoteCandidates) return false
    if (!this.#listensOnLoopback && (holds(loopback, address) || holds(unroutable, address))) return false
    this.#known.add(key)
    return true
  }

  /** A new ICE session begins with none. */
  clear(): void {
    this.#known.clear()
  }
}
