import { expect, it } from 'vitest'
import { textUpTo } from '../../../src/lib/base/response-text.ts'

it('reads an answer without end up to the bound, and leaves it', async () => {
  let isLeft = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(0x61)),
    cancel() {
      isLeft = true
    },
  })
  expect(await textUpTo(new Response(body), 2500)).toBe('a'.repeat(2500))
  expect(isLeft).toBe(true)
})

it('reads a short one whole, and one without a body', async () => {
  expect(await textUpTo(new Response('grün'), 100)).toBe('grün')
  expect(await textUpTo(new Response(null), 100)).toBe('')
})
