import { systemClock } from '../../src/lib/base/clock.ts'
import { createReceivingPeer, type ReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import { startTestEngine } from '../support/engine.ts'
import { contractLimits, describeEngine } from './engine.ts'

describeEngine('the engine with worker threads', async () => {
  const { engine, end } = await startTestEngine(contractLimits)
  const viewers: ReceivingPeer[] = []
  /** One that never hears the answer: it stays on its way. */
  async function viewer(): Promise<ReceivingPeer> {
    const peer = await createReceivingPeer({ clock: systemClock, bindAddresses: ['127.0.0.1'] })
    viewers.push(peer)
    return peer
  }
  let offering: ReceivingPeer | undefined
  return {
    engine,
    async offer() {
      offering ??= await viewer()
      return offering.offer()
    },
    answer: async (offer) => (await viewer()).acceptOffer(offer),
    async end() {
      await Promise.all(viewers.map((peer) => peer.close()))
      await end()
    },
  }
})
