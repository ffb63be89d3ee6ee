import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  effectiveBuffer,
  mcpBenchmarkRequest,
  mcpQualityRequest,
  mcpStreamRequest,
} from '../../../src/lib/protocol/mcp-schemas.ts'

it.each([
  ['nightly/4k', true],
  ['é', true],
  ['a\u0000b', false],
  ['a\n\u001b[31m', false],
])('a benchmark can be written to the folder %j: %j', (output_dir, isTaken) => {
  expect(mcpBenchmarkRequest.safeParse({ cid: 'bafy', output_dir }).success).toBe(isTaken)
})

describe('bodies of the MCP controller', () => {
  it('have the defaults of the origin', () => {
    expect(mcpStreamRequest.parse({ cid: 'bafy' })).toEqual({
      cid: 'bafy',
      address: '127.0.0.1',
      port: 8080,
      quality: 'medium',
      benchmark: false,
      buffer_size: 30,
      prefetch_threshold: 0.5,
      use_progressive_loading: true,
    })
    expect(mcpBenchmarkRequest.parse({ cid: 'bafy' })).toEqual({ cid: 'bafy', duration: 60, format: 'json' })
  })

  it.each([
    [mcpStreamRequest, { cid: 'bafy', port: 0 }],
    [mcpStreamRequest, { cid: 'bafy', address: 'not an address' }],
    [mcpStreamRequest, { cid: 'bafy', ice_servers: Array.from({ length: 17 }, () => ({ urls: 'stun:a' })) }],
    [mcpStreamRequest, { cid: 'bafy', ice_servers: [{ urls: [], username: 'u' }, { username: 'u' }] }],
    [mcpStreamRequest, { cid: '' }],
    [mcpBenchmarkRequest, { cid: 'bafy', duration: 301 }],
    [mcpBenchmarkRequest, { cid: 'bafy', duration: 0.5 }],
    [mcpBenchmarkRequest, { cid: 'bafy', format: 'pdf' }],
    [mcpQualityRequest, { connection_id: 'x'.repeat(201), quality: 'low' }],
    [mcpQualityRequest, { connection_id: 'x', quality: 'best' }],
  ])('refuse what is out of bounds (%#)', (schema, body) => {
    expect(schema.safeParse(body).success).toBe(false)
  })

  it('give a buffer within what is configured, whatever is asked for, and as asked for where it is within', () => {
    const range = (most: number) =>
      fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(fc.integer(), fc.double({ noNaN: true }), range(60), range(1), (frames, share, buffer, prefetch) => {
        const ranges = { buffer_size_range: buffer, prefetch_threshold_range: prefetch }
        const given = effectiveBuffer({ buffer_size: frames, prefetch_threshold: share }, ranges)
        expect(given.frames).toBeGreaterThanOrEqual(buffer[0])
        expect(given.frames).toBeLessThanOrEqual(buffer[1])
        expect(given.prefetchRatio).toBeGreaterThanOrEqual(prefetch[0])
        expect(given.prefetchRatio).toBeLessThanOrEqual(prefetch[1])
        if (frames >= buffer[0] && frames <= buffer[1]) expect(given.frames).toBe(frames)
      }),
      { seed: 22 },
    )
  })
})
