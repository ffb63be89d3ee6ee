import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stunCheck } from '../../../../src/lib/checks/webrtc/stun.ts'
import { cutMessages } from '../../../../src/lib/webrtc/ice-server/server-link.ts'
import { StunMessage, stunClasses, stunMethods } from '../../../../src/lib/webrtc/werift.ts'
import { runCheck, runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { createMemoryEngine } from '../../../support/http-engine.ts'
import { closedUdpPort, errorAnswer, tcpServer, tlsServer, udpServer } from '../../../support/stun-faults.ts'

const asked = (...urls: string[]) =>
  runCheck(stunCheck, { settings: { iceServers: urls.map((one) => ({ urls: one })) } })

/** A STUN server that sees everybody at this address. */
const mirror = (address: string) =>
  udpServer((request) => {
    const answer = new StunMessage(stunMethods.BINDING, stunClasses.RESPONSE, request.subarray(8, 20))
    return answer.setAttribute('XOR-MAPPED-ADDRESS', [address, 40_000]).bytes
  })

it('is skipped where there is none', async () => {
  expect(await runOne(stunCheck)).toMatchObject({ status: 'skipped' })
})

it('says where the server sees us, and whether that is behind a NAT', async () => {
  const [open, behind] = [await mirror('127.0.0.1'), await mirror('203.0.113.7')]
  const [direct, mapped] = await asked(`stun:127.0.0.1:${open}`, `stun:127.0.0.1:${behind}`)
  expect(direct).toMatchObject({ status: 'pass', values: { isBehindNat: false } })
  expect(direct!.values!.roundTripMs).toBeGreaterThan(0)
  expect(mapped).toMatchObject({ status: 'pass', values: { isBehindNat: true, mappedAddress: '203.0.113.7' } })
})

it('asks again where a datagram was lost', async () => {
  let heard = 0
  const port = await udpServer((request) => {
    if (++heard === 1) return undefined
    const answer = new StunMessage(stunMethods.BINDING, stunClasses.RESPONSE, request.subarray(8, 20))
    return answer.setAttribute('XOR-MAPPED-ADDRESS', ['127.0.0.1', 1]).bytes
  })
  expect(await asked(`stun:127.0.0.1:${port}`)).toMatchObject([{ status: 'pass' }])
  expect(heard).toBe(2)
})

it('takes those that the server tells its viewers', async () => {
  const port = await mirror('127.0.0.1')
  const engine = createMemoryEngine({ info: { iceServers: [{ urls: `stun:127.0.0.1:${port}` }] } })
  const { url } = await startHttp({}, { engine })
  const found = await runCheck(stunCheck, { url })
  expect(found).toMatchObject([{ status: 'pass', subject: `stun:127.0.0.1:${port}` }])
})

it('names what is wrong', async () => {
  const silent = await udpServer(() => undefined)
  const other = await udpServer(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const refusing = await udpServer((request) => errorAnswer(request, stunMethods.BINDING, 500, 'Server Error'))
  const web = await tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  const closing = await tcpServer((socket) => socket.end())
  const [gone, named] = [await closedUdpPort(), 'stun:no-such-host.invalid:3478']
  const troubles: [address: string, trouble: string][] = [
    [`stun:127.0.0.1:${silent}`, 'no-answer'],
    [`stun:127.0.0.1:${other}`, 'not-stun'],
    [`stun:127.0.0.1:${refusing}`, 'refuses'],
    [`stun:127.0.0.1:${web}?transport=tcp`, 'not-stun'],
    [`stuns:127.0.0.1:${web}`, 'not-stun'],
    [`stun:127.0.0.1:${closing}?transport=tcp`, 'unreachable'],
    [`stun:127.0.0.1:${gone}`, 'refused'],
    [named, 'unresolved'],
    ['stun:a b', 'malformed'],
  ]
  const found = await asked(...troubles.map(([address]) => address))
  expect(found.map(({ subject, trouble }) => [subject, trouble])).toEqual(troubles)
  for (const one of found)
    expect(one).toMatchObject({ status: 'fail', cause: expect.any(String), fix: expect.any(String) })
})

it('knows a certificate that nobody vouches for', async () => {
  const port = await tlsServer()
  expect(await asked(`stuns:127.0.0.1:${port}`)).toMatchObject([{ status: 'fail', trouble: 'certificate' }])
})

it('cuts a stream into messages wherever it is broken, and refuses what is none', () => {
  const message = () => new StunMessage(stunMethods.BINDING, 0).setAttribute('SOFTWARE', 'mcpx').bytes
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(400)), (count, breaks) => {
      const messages = Array.from({ length: count }, message)
      const stream = Buffer.concat(messages)
      const ends = [...new Set([...breaks, stream.length])].filter((at) => at <= stream.length).sort((a, b) => a - b)
      let [rest, from, found]: [Buffer, number, Buffer[]] = [Buffer.alloc(0), 0, []]
      for (const to of ends) {
        const cut = cutMessages(Buffer.concat([rest, stream.subarray(from, to)]))!
        found = [...found, ...cut.messages]
        rest = cut.rest
        from = to
      }
      expect(found).toEqual(messages)
    }),
  )
  fc.assert(fc.property(fc.uint8Array({ minLength: 20 }), (bytes) => void cutMessages(Buffer.from(bytes))))
  expect(cutMessages(Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n'))).toBeUndefined()
})
