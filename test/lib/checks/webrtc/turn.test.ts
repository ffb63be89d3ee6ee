import { expect, it } from 'vitest'
import { turnCheck } from '../../../../src/lib/checks/webrtc/turn.ts'
import { stunMethods } from '../../../../src/lib/webrtc/werift.ts'
import { runCheck, runOne } from '../../../support/checks.ts'
import {
  closedUdpPort,
  errorAnswer,
  tcpServer,
  tlsServer,
  turnServer,
  udpServer,
} from '../../../support/stun-faults.ts'

const account = { username: 'viewer', credential: 'secret' }

const asked = (...addresses: string[]) =>
  runCheck(turnCheck, { settings: { iceServers: addresses.map((urls) => ({ urls, ...account })) } })

/** Challenges, and then says this. */
const refusing = (code: number) =>
  udpServer((request) => errorAnswer(request, stunMethods.ALLOCATE, request.length > 60 ? code : 401))

it('is skipped where there is none', async () => {
  expect(await runOne(turnCheck)).toMatchObject({ status: 'skipped' })
})

it('names a server that cannot be asked', async () => {
  const silent = await udpServer(() => undefined)
  const other = await udpServer(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const closing = await tcpServer((socket) => socket.end())
  const [gone, self] = [await closedUdpPort(), await tlsServer()]
  const troubles: [address: string, trouble: string][] = [
    [`turn:127.0.0.1:${silent}`, 'no-answer'],
    [`turn:127.0.0.1:${other}`, 'not-stun'],
    [`turn:127.0.0.1:${closing}?transport=tcp`, 'unreachable'],
    [`turns:127.0.0.1:${self}`, 'certificate'],
    [`turn:127.0.0.1:${gone}`, 'refused'],
    ['turn:no-such-host.invalid:3478', 'unresolved'],
    ['turn:', 'malformed'],
  ]
  const found = await asked(...troubles.map(([address]) => address))
  expect(found.map(({ subject, trouble }) => [subject, trouble])).toEqual(troubles)
  expect(JSON.stringify(found)).not.toContain(account.credential)
})

it('names a server that says no', async () => {
  const troubles: [code: number, trouble: string][] = [
    [401, 'wrong-credentials'],
    [438, 'wrong-credentials'],
    [403, 'refuses'],
    [486, 'quota'],
    [508, 'quota'],
  ]
  const ports = await Promise.all(troubles.map(([code]) => refusing(code)))
  const found = await asked(...ports.map((port) => `turn:127.0.0.1:${port}`))
  expect(found.map(({ status, trouble }) => [status, trouble])).toEqual(troubles.map(([, one]) => ['fail', one]))
})

it('finds a server that takes everything and relays badly', async () => {
  const troubles = [
    ['relays-nothing', 'fail', 'never-relays'],
    ['relays-to-us-only', 'fail', 'one-way'],
    ['refuses-peers', 'warn', 'peer-refused'],
    ['open-to-all', 'warn', 'open-to-all'],
    // Nothing can be sent there: Node throws.
    ['relays-at-port-0', 'fail', 'refuses'],
  ] as const
  const ports = await Promise.all(troubles.map(([fault]) => turnServer(fault)))
  const found = await asked(...ports.map((port) => `turn:127.0.0.1:${port}`))
  expect(found.map(({ status, trouble }) => [status, trouble])).toEqual(troubles.map(([, ...expected]) => expected))
})

it('does not take an answer for true that is not signed with the credential', async () => {
  const port = await turnServer('relays-nothing')
  const iceServers = [{ urls: `turn:127.0.0.1:${port}`, username: 'viewer', credential: 'another' }]
  expect(await runOne(turnCheck, { settings: { iceServers } })).toMatchObject({ status: 'fail', trouble: 'no-answer' })
})
