// A session at a server that takes the offer and never answers it.
import { expect, it, onTestFinished } from 'vitest'
import { ViewerSession } from '../../../src/lib/load/session.ts'
import { createReceivingPeer } from '../../../src/lib/webrtc/receiving-peer.ts'
import { startHttpServer } from '../../support/answering-server.ts'
import { FakeClock } from '../../support/fake-clock.ts'

it('has failed after the time that a first frame may take', async () => {
  const offered = Promise.withResolvers<void>()
  const server = await startHttpServer(() => offered.resolve())
  onTestFinished(server.stop)
  const clock = new FakeClock()
  const session = new ViewerSession(
    { viewer: 0, content: 'x', beginMs: 0, endMs: 1000, actions: [] },
    {
      clock,
      server: server.url,
      originMs: clock.now(),
      createPeer: async () => ({ peer: await createReceivingPeer({ clock, bindAddresses: ['127.0.0.1'] }) }),
    },
  )
  const over = session.run()
  await offered.promise
  await clock.advanceAsync(30_000)
  await over
  expect(session.record()).toMatchObject({ outcome: 'failed', error: { code: 'PEER_FAILED' } })
})
