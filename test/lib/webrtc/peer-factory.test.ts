import { expect, it } from 'vitest'
import { createFactory } from '../../support/webrtc-pair.ts'

it('gives peers on one socket, knows how many are open, and closes them all', async () => {
  const factory = await createFactory()
  expect(factory.addresses).toHaveLength(1)
  const [first, second] = await Promise.all([factory.createPeer(), factory.createPeer()])
  expect(factory.openPeers).toBe(2)
  await first.close()
  expect(factory.openPeers).toBe(1)
  await factory.close()
  expect([factory.openPeers, second.connectionState]).toEqual([0, 'closed'])
  await expect(factory.createPeer()).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
})

it('cannot take a port that another has', async () => {
  const factory = await createFactory()
  await expect(createFactory({ udpPort: factory.addresses[0]!.port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  await factory.close()
})
