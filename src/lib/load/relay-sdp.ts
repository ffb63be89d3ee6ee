// What a relay reads and changes in the session descriptions that pass it by, line by line; all else stays as it is.
import { isIP } from 'node:net'
import { McpxError } from '../base/errors.ts'

const maxSdpLength = 65_536

export interface SdpAddress {
  readonly address: string
  readonly port: number
}

const lineBreak = /\r?\n/
/** foundation, component, transport, priority, address, port, the rest (RFC 8839 5.1). */
const candidateLine = /^(a=candidate:\S+ \d+ )(\S+)( \d+ )(\S+) (\d+)( typ .*)$/i

/**
 * The description with `rename` of each address that it can be reached at. Candidates that no relay for UDP can stand for are left
 * out: names, and those of TCP. Throws INVALID_SDP for what is too long.
 */
export async function withAddresses(
  sdp: string,
  rename: (address: SdpAddress) => Promise<SdpAddress | undefined>,
): Promise<string> {
  const lines: string[] = []
  for (const line of linesOf(sdp)) {
    if (!isCandidate(line)) {
      lines.push(line)
      continue
    }
    const [, head, transport = '', priority, address = '', port, type] = candidateLine.exec(line) ?? []
    if (transport.toLowerCase() !== 'udp' || isIP(address) === 0 || Number(port) > 65_535 || Number(port) === 0)
      continue
    const renamed = await rename({ address, port: Number(port) })
    if (renamed) lines.push(`${head}${transport}${priority}${renamed.address} ${renamed.port}${type}`)
  }
  return lines.join('\r\n')
}

/** The description of somebody who says nothing of where he is: the other side learns it from his checks (RFC 8445 7.3.1.3). */
export const withoutAddresses = (sdp: string): string =>
  linesOf(sdp)
    .filter((line) => !isCandidate(line))
    .join('\r\n')

/** Fragment → password, of all sections. */
export function credentialsOf(sdp: string): Map<string, string> {
  const found = new Map<string, string>()
  let fragment: string | undefined
  let password: string | undefined
  for (const line of linesOf(sdp)) {
    if (line.startsWith('m=')) [fragment, password] = [undefined, undefined]
    if (line.startsWith('a=ice-ufrag:')) fragment = line.slice('a=ice-ufrag:'.length)
    if (line.startsWith('a=ice-pwd:')) password = line.slice('a=ice-pwd:'.length)
    if (fragment && password) found.set(fragment, password)
  }
  return found
}

const isCandidate = (line: string): boolean => line.startsWith('a=candidate:')

function linesOf(sdp: string): string[] {
  if (sdp.length > maxSdpLength) throw new McpxError('INVALID_SDP', `the description is longer than ${maxSdpLength}`)
  return sdp.split(lineBreak)
}
