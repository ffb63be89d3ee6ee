// What the server listens on, by its own account: an address may be loopback for who asks, and open to everybody else.
import { isLoopback, isWeakToken } from '../../model/bind.ts'
import { defineCheck } from '../check.ts'

export const bindCheck = defineCheck({
  name: 'bind',
  group: 'security',
  title: 'Listening address',
  about: 'The server listens on loopback, or demands a token that nobody guesses',
  where: 'server',
  needs: ['inside'],
  deadlineS: 2,
  troubles: {
    open: {
      cause: 'The server was started with --insecure on an address that others reach: who reaches it is its admin.',
      fix: 'Set MCPX_TOKEN to 16 characters or more (`openssl rand -hex 16`) and restart it without --insecure, or with --host 127.0.0.1.',
    },
    'weak-token': {
      cause: 'The token is short, or the same few characters again and again: it can be guessed over a network.',
      fix: 'Take another one: MCPX_TOKEN=$(openssl rand -hex 16) mcpx serve.',
    },
  },
  async run({ inside }) {
    const { host, authToken } = inside!
    const where = isLoopback(host) ? 'loopback' : host || 'every address'
    if (!authToken)
      return isLoopback(host)
        ? { status: 'pass', detail: `${where}, without a token` }
        : { status: 'fail', detail: `${where}, without a token`, trouble: 'open' }
    if (!isWeakToken(authToken)) return { status: 'pass', detail: `${where}, with a token` }
    const detail = `${where}, with a token that can be guessed`
    return isLoopback(host)
      ? { status: 'warn', detail, trouble: 'weak-token' }
      : { status: 'fail', detail, trouble: 'weak-token' }
  },
})
