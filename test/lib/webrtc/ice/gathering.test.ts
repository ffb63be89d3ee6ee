// Candidates of our own sockets, and what STUN servers say of them: one that answers, one that lies, one that is late or silent.
import { expect, it } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openIce, startStunServer } from '../../../support/ice-sides.ts'
import { until } from '../../../support/webrtc-pair.ts'

const partsOf = (candidate: string) => {
  const [, , , priority, address, port, , type] = candidate.split(' ')
  return { priority: Number(priority), address, port: Number(port), type }
}

it('are one a socket, in the order of preference that was given, on the port that is open', async () => {
  const { ice, told, port } = await openIce({ addresses: ['127.0.0.1', '127.0.0.2'] })
  await ice.gather()
  const found = told.map(partsOf)
  expect(found).toMatchObject([
    { address: '127.0.0.1', port, type: 'host' },
    { address: '127.0.0.2', port, type: 'host' },
  ])
  expect(found[0]!.priority).toBeGreaterThan(found[1]!.priority)
  expect(new Set(told.map((text) => text.split(' ')[0])).size).toBe(2)
  expect(ice.candidates).toEqual(told)
})

it('are not found twice', async () => {
  const { ice, told } = await openIce()
  await Promise.all([ice.gather(), ice.gather()])
  await ice.gather()
  expect(told).toHaveLength(1)
})

it('are the address that a STUN server sees, too, with the one it belongs to', async () => {
  const { iceServers } = await startStunServer({ address: '192.0.2.7', port: 4321 })
  const { ice, told, port } = await openIce({ iceServers })
  await ice.gather()
  expect(told.map(partsOf)).toMatchObject([
    { address: '127.0.0.1', port, type: 'host' },
    { address: '192.0.2.7', port: 4321, type: 'srflx' },
  ])
  expect(told[1]).toMatch(new RegExp(` raddr 127\\.0\\.0\\.1 rport ${port}$`))
})

it('are waited for two seconds where a server says nothing, and taken later where it does', async () => {
  const clock = new FakeClock()
  const server = await startStunServer(undefined)
  const { ice, told } = await openIce({ iceServers: server.iceServers, clock })
  let isOver = false
  const gathering = ice.gather().then(() => {
    isOver = true
  })
  await until(() => server.asked.length > 0)
  clock.advance(1999)
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  clock.advance(1)
  await gathering
  expect([ice.isGathered, told.length]).toEqual([true, 1])
  server.answerAll()
  await until(() => told.length === 2)
  expect(partsOf(told[1]!)).toMatchObject({ address: '192.0.2.99', type: 'srflx' })
})

it('are not taken once it is closed', async () => {
  const server = await startStunServer(undefined)
  const { ice, told } = await openIce({ iceServers: server.iceServers })
  const gathering = ice.gather()
  await until(() => server.asked.length > 0)
  ice.close()
  server.answerAll()
  await gathering
  expect(told).toHaveLength(1)
})

it('are none of our sockets where only a relay may be used', async () => {
  const { iceServers, asked } = await startStunServer({ address: '192.0.2.7', port: 4321 })
  const { ice, told } = await openIce({ iceServers, relayOnly: true })
  await ice.gather()
  expect([told, asked]).toEqual([[], []])
})
