// The Kubo daemon behind --ipfs-api: its version, how long it takes to answer, and whom it knows.
import { type McpxError, toMcpxError } from '../../base/errors.ts'
import { defineCheck } from '../check.ts'

const answerMs = 5000
/** Every block from the daemon waits so long. */
const slowMs = 500
const samples = 3

export const kuboCheck = defineCheck({
  name: 'kubo',
  group: 'content',
  title: 'Kubo daemon',
  about: 'Version, lag and size of the swarm of the daemon behind --ipfs-api',
  where: 'either',
  needs: ['kubo'],
  deadlineS: 15,
  troubles: {
    unreachable: {
      cause: 'The daemon does not run, or listens elsewhere.',
      fix: 'Start it (`ipfs daemon`) or correct --ipfs-api; `ipfs config Addresses.API` says where it listens.',
    },
    silent: {
      cause: 'The daemon takes the connection and does not answer: it is overloaded, or its disk hangs.',
      fix: 'Look at it with `ipfs diag profile` and `ipfs stats bw`; restart it where it does not recover.',
    },
    'not-kubo': {
      cause:
        'Something else than the RPC of Kubo listens there: a gateway, a web server, or a proxy that wants a password.',
      fix: 'Name the address of the RPC with --ipfs-api, port 5001 as a rule, not that of the gateway (8080).',
    },
    slow: {
      cause: 'The daemon is busy or far away: every block that comes from it waits for that.',
      fix: 'Give it CPU and a faster disk, run it beside mcpx, or limit what it does for others: `ipfs config --json Swarm.ConnMgr.HighWater 96`.',
    },
    offline: {
      cause: 'The daemon was started with --offline: it has only what it has.',
      fix: 'Start it with `ipfs daemon` and no --offline where it is to find content of others.',
    },
    alone: {
      cause: 'The daemon knows nobody: no bootstrap peers, or a firewall before its swarm port.',
      fix: 'Run `ipfs bootstrap add auto`, restart the daemon, and open TCP and UDP port 4001.',
    },
  },
  async run({ settings, clock, signal }) {
    const { createKubo } = await import('../../content/kubo.ts')
    const kubo = createKubo({ address: settings.ipfsApi!, clock, timeoutMs: answerMs })
    try {
      let version = ''
      let lagMs = Infinity
      for (let count = 0; count < samples; count++) {
        const beganMs = clock.now()
        version = await kubo.version(signal)
        lagMs = Math.min(lagMs, clock.now() - beganMs)
      }
      const peers = await kubo.swarmSize(signal)
      const values = { version, lagMs, ...(peers !== undefined && { peers }) }
      if (lagMs > slowMs)
        return { status: 'warn', detail: `${version}, answers after ${Math.round(lagMs)} ms`, trouble: 'slow', values }
      if (peers === undefined) return { status: 'warn', detail: `${version}, offline`, trouble: 'offline', values }
      if (peers === 0) return { status: 'warn', detail: `${version}, no peers`, trouble: 'alone', values }
      return { status: 'pass', detail: `${version}, ${peers} peers, ${Math.round(lagMs)} ms`, values }
    } catch (error) {
      signal.throwIfAborted()
      const failure = toMcpxError(error)
      return { status: 'fail', detail: failure.message, trouble: troubleOf(failure) }
    }
  },
})

function troubleOf({ code, message }: McpxError): 'unreachable' | 'silent' | 'not-kubo' {
  if (code === 'CONTENT_TIMEOUT') return 'silent'
  return code === 'KUBO_UNREACHABLE' && message.startsWith('no answer') ? 'unreachable' : 'not-kubo'
}
