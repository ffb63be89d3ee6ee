import { expect, it } from 'vitest'
import { mcpBenchmarkRequest } from '../../../src/lib/protocol/mcp-schemas.ts'

it.each([
  ['nightly/4k', true],
  ['é', true],
  ['a\u0000b', false],
  ['a\n\u001b[31m', false],
])('a benchmark can be written to the folder %j: %j', (output_dir, isTaken) => {
  expect(mcpBenchmarkRequest.safeParse({ cid: 'bafy', output_dir }).success).toBe(isTaken)
})
