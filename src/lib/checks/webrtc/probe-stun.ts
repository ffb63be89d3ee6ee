// Asks a STUN server where it sees us: whether it answers, how fast, and whether there is a NAT on the way.
import type { Clock } from '../../base/clock.ts'
import { withDeadline } from '../../base/deadline.ts'
import { McpxError } from '../../base/errors.ts'
import { iceServerAddress } from '../../protocol/ice-server.ts'
import type { IceServer } from '../../protocol/media-plane.ts'
import { openExchange, StunMessage, stunMethods } from '../../webrtc/ice-server/exchange.ts'
import { LinkFailure } from '../../webrtc/ice-server/server-link.ts'
import { addressOf, type TransportAddress } from '../../webrtc/ice-server/turn-session.ts'
import type { FindingOf } from '../check.ts'
import type { StunTrouble, stunTroubles } from './ice-server-troubles.ts'

export interface ProbeOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Until the server has answered. */
  readonly timeoutMs?: number
  /** Authorities to trust besides those of the system, in PEM. */
  readonly ca?: string
}

export const probeTimeoutMs = 3000

type StunFinding = FindingOf<typeof stunTroubles>

const trouble = (key: StunTrouble, subject: string, detail: string): StunFinding => ({
  status: 'fail',
  subject,
  detail,
  trouble: key,
})

/** Never throws but the reason of the signal. */
export async function probeStun(server: IceServer, options: ProbeOptions): Promise<StunFinding> {
  const address = iceServerAddress(server)
  if (!address) return trouble('malformed', server.urls, 'is no address of a STUN server')
  const { clock, signal, timeoutMs = probeTimeoutMs } = options
  try {
    return await withDeadline(
      clock,
      timeoutMs,
      signal,
      (within) => ask(server.urls, address, { ...options, signal: within }),
      late,
    )
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof LinkFailure) return trouble(error.trouble, server.urls, error.message)
    return trouble('no-answer', server.urls, `no answer within ${timeoutMs / 1000} s`)
  }
}

/** What a deadline rejects with; its reader knows the step. */
export const late = (): McpxError => new McpxError('PEER_FAILED', 'no answer in time')

async function ask(subject: string, address: NonNullable<ReturnType<typeof iceServerAddress>>, options: ProbeOptions) {
  const exchange = await openExchange(address, options)
  try {
    const answer = await exchange.request(new StunMessage(stunMethods.BINDING, 0), options)
    if (answer.error) return trouble('refuses', subject, `it answers ${answer.error.code} ${answer.error.reason}`)
    const mapped = addressOf(answer, 'XOR-MAPPED-ADDRESS')
    if (!mapped) return trouble('refuses', subject, 'its answer holds no mapped address')
    const isBehindNat = mapped.address !== exchange.link.local.address
    const seen = `sees us at ${textOf(mapped)}`
    return {
      status: 'pass' as const,
      subject,
      detail: isBehindNat ? `${seen}, behind a NAT` : `${seen}, no NAT on the way`,
      values: {
        roundTripMs: answer.roundTripMs,
        isBehindNat,
        mappedAddress: mapped.address,
        mappedPort: mapped.port,
        localAddress: exchange.link.local.address,
      },
    }
  } finally {
    await exchange.close()
  }
}

export const textOf = ({ address, port }: TransportAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
