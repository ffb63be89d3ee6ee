// Each gateway: it gives raw blocks, they are the right ones, and it is quick.
import type { Clock } from '../../base/clock.ts'
import { formatBytes } from '../../base/units.ts'
import { askGateway, emptyDirectory } from '../../content/gateway-probe.ts'
import { defineCheck, type FindingOf } from '../check.ts'

/** A start waits for the first block. */
const slowMs = 3000
const answerMs = 8000

const troubles = {
  unreachable: {
    cause:
      'This machine is offline, or a firewall or the gateway itself refuses: other gateways are asked in its place.',
    fix: 'Name others with --gateway; without any network start with --offline, so that nobody waits for them.',
  },
  'wrong-bytes': {
    cause:
      'The gateway answers with bytes that do not have the hash that was asked for: it is broken, or it lies. Nothing of it is played.',
    fix: 'Take it off --gateway and name another one.',
  },
  'not-trustless': {
    cause:
      'It answers pages or files in place of raw blocks: it is no trustless gateway, or a login page stands before it.',
    fix: 'Name a trustless gateway with --gateway, for example https://trustless-gateway.link; log in where the network asks for it.',
  },
  refused: {
    cause: 'The gateway limits how much it is asked, or does not serve this content.',
    fix: 'Wait, name others with --gateway, or run your own: `ipfs daemon` and --ipfs-api.',
  },
  slow: {
    cause: 'The gateway is far away or busy: content that comes from it begins late.',
    fix: 'Name a nearer one first with --gateway, or run your own: `ipfs daemon` and --ipfs-api.',
  },
} as const

export const gatewaysCheck = defineCheck({
  name: 'gateways',
  group: 'content',
  title: 'Gateways',
  about: 'Each --gateway gives raw blocks, they match their hashes, and how fast',
  where: 'either',
  needs: ['gateways'],
  deadlineS: 12,
  troubles,
  async run({ settings, content, clock, signal }) {
    // A sample is on no gateway; every one has the empty directory.
    const cid = content !== undefined && content !== settings.sampleCid ? content : emptyDirectory
    return Promise.all(settings.gateways.map((gateway) => checkGateway(gateway, cid, clock, signal)))
  },
})

async function checkGateway(
  address: string,
  cid: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<FindingOf<typeof troubles>> {
  const subject = URL.parse(address)?.host ?? address
  const beganMs = clock.now()
  const found = await askGateway(address, cid, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]))
  signal.throwIfAborted()
  const elapsedMs = clock.now() - beganMs
  const common = { subject, elapsedMs }
  if (found.kind === 'failed') {
    const trouble = /^answered (?:4|5)/.test(found.reason) ? 'refused' : 'unreachable'
    return { ...common, status: 'warn', detail: found.reason, trouble }
  }
  if (found.kind === 'absent') return { ...common, status: 'warn', detail: `does not have ${cid}`, trouble: 'refused' }
  const values = { bytes: found.sizeBytes, elapsedMs, bytesPerS: (found.sizeBytes * 1000) / Math.max(1, elapsedMs) }
  if (found.kind === 'page')
    return { ...common, status: 'fail', detail: 'answers a page, not a block', trouble: 'not-trustless', values }
  if (found.kind === 'wrong')
    return { ...common, status: 'fail', detail: `sent other bytes than ${cid}`, trouble: 'wrong-bytes', values }
  const detail = `verified ${formatBytes(found.sizeBytes)}`
  if (elapsedMs > slowMs)
    return {
      ...common,
      status: 'warn',
      detail: `${detail}, after ${(elapsedMs / 1000).toFixed(1)} s`,
      trouble: 'slow',
      values,
    }
  return { ...common, status: 'pass', detail, values }
}
