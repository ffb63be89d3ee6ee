import { createMemoryEngine, offerSdp } from '../support/http-engine.ts'
import { contractLimits, describeEngine } from './engine.ts'

describeEngine('the engine without workers', async () => ({
  engine: createMemoryEngine({ limits: contractLimits }),
  offer: async () => offerSdp,
  answer: async () => offerSdp,
  end: async () => {},
}))
