import { afterAll, beforeAll, describe } from 'vitest'
import type { Content } from '../../src/lib/content/open-store.ts'
import { openTestContent } from '../support/content.ts'
import { type KuboDaemon, kuboOrSkip, startKubo } from '../support/kubo.ts'
import { describeContentStore } from './content-store.ts'

const binary = kuboOrSkip()

describe.skipIf(!binary)('with a real Kubo daemon', () => {
  let daemon: KuboDaemon
  let content: Content | undefined
  beforeAll(async () => {
    daemon = await startKubo(binary!)
  })
  afterAll(async () => {
    await content?.close()
    await daemon.stop()
  })

  describeContentStore('the Kubo store', async () => {
    content = await openTestContent({ ipfsApi: daemon.api })
    return content
  })
})
