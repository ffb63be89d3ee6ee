import { expect, it, onTestFinished } from 'vitest'
import { startServer } from '../../support/e2e-server.ts'
import { openHeadless, receives } from '../../support/e2e-viewer.ts'

it('has for everybody who asks the rates since they asked, whoever else asks', async () => {
  const server = await startServer({ sample: true })
  onTestFinished(() => server.stop())
  const viewer = await openHeadless(server, { content: server.sample!.cid })
  onTestFinished(() => viewer.close())
  await receives(viewer, 10)
  const earlier = viewer.snapshot()
  // This asks again and again.
  await receives(viewer, 20)
  const now = viewer.snapshot(earlier)
  const bits = (now.bytesReceived - earlier.bytesReceived) * 8
  expect(now.bitrateBps).toBeCloseTo(bits / (now.ageS - earlier.ageS), 3)
})
