// What kind of address it is, as far as it matters to who is to be reached there (RFC 6890).
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export type AddressKind = 'loopback' | 'private' | 'public'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

const privateNets = new BlockList()
privateNets.addSubnet('10.0.0.0', 8)
privateNets.addSubnet('172.16.0.0', 12)
privateNets.addSubnet('192.168.0.0', 16)
privateNets.addSubnet('169.254.0.0', 16)
/** Behind the NAT of a provider (RFC 6598). */
privateNets.addSubnet('100.64.0.0', 10)
privateNets.addSubnet('fc00::', 7, 'ipv6')
privateNets.addSubnet('fe80::', 10, 'ipv6')

export function addressKind(address: string): AddressKind {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (loopback.check(address, family)) return 'loopback'
  return privateNets.check(address, family) ? 'private' : 'public'
}

/** Where the server of an http address is, as seen from here. */
export interface ServerPlace {
  readonly address: string
  readonly kind: AddressKind
  /** It runs on this machine: what is told of loopback holds here too. */
  readonly isHere: boolean
}

/** Undefined where its name leads nowhere. */
export async function placeOf(url: string, interfaces = networkInterfaces()): Promise<ServerPlace | undefined> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const found = isIP(host) ? { address: host } : await lookup(host).catch(() => undefined)
  if (!found) return undefined
  const { address } = found
  const own = Object.values(interfaces).flatMap((entries) => entries?.map((entry) => entry.address) ?? [])
  const kind = addressKind(address)
  return { address, kind, isHere: kind === 'loopback' || own.includes(address) }
}
