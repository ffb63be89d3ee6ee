import { expect, it } from 'vitest'
import { ByteWindow } from '../../../src/lib/webrtc/byte-window.ts'

it('a window of bytes lets so many through each second, and drops the rest of a storm', () => {
  const window = new ByteWindow(1000)
  let passed = 0
  for (let ms = 0; ms < 3003; ms++) for (let i = 0; i < 10; i++) if (window.take(100, ms)) passed++
  expect(passed).toBe(30)
  expect(window.take(1000, 10_000)).toBe(true)
  expect(window.take(1, 10_000)).toBe(false)
})
