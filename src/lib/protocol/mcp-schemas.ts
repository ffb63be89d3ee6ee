// The bodies of the origin's MCP WebRTC controller (/api/v0/mcp/webrtc), with its names and defaults.
import { z } from 'zod'
import { benchmarkFormats } from '../model/benchmark.ts'
import { qualityValue } from './schemas.ts'

/**
 * Frames that may be asked to wait ahead of a playhead, and the share of them below which more are fetched. The configuration
 * file can narrow both.
 */
export const bufferFramesRange = { least: 1, most: 60, usual: 30 } as const
export const prefetchRange = { least: 0.1, most: 0.9, usual: 0.5 } as const

const text = z.string().trim().min(1)

export const mcpStreamRequest = z.object({
  cid: text.max(4096),
  address: z
    .union([z.ipv4(), z.ipv6(), z.hostname()])
    .default('127.0.0.1')
    .describe('Checked, and not used: WebRTC needs none'),
  port: z.int().min(1).max(65_535).default(8080).describe('Checked, and not used'),
  quality: qualityValue.default('medium'),
  ice_servers: z
    .array(z.object({ urls: z.union([text, z.array(text).max(16)]) }).loose())
    .max(16)
    .optional()
    .describe('Checked, and not used: the server has its own (--ice-server)'),
  benchmark: z.boolean().default(false),
  buffer_size: z.int().default(bufferFramesRange.usual).describe('Frames, clamped to optimization.buffer_size_range'),
  prefetch_threshold: z
    .number()
    .default(prefetchRange.usual)
    .describe('Share of the buffer, clamped to optimization.prefetch_threshold_range'),
  use_progressive_loading: z.boolean().default(true),
})

/** The origin's shape; the time is what a request may last. */
export const mcpBenchmarkRequest = z.object({
  cid: text.max(4096),
  duration: z.number().min(1).max(300).default(60).describe('Seconds from the first frame'),
  format: z.enum(benchmarkFormats).default('json'),
  output_dir: text
    .max(1000)
    .regex(/^\P{Cc}*$/u, 'has a control character')
    .optional()
    .describe('In the folder of --report-path; benchmarks when absent'),
  quality: qualityValue.optional(),
})

export const mcpQualityRequest = z.object({ connection_id: text.max(200), quality: qualityValue })

type Range = readonly [least: number, most: number]
const clamp = (value: number, [least, most]: Range) => Math.min(most, Math.max(least, value))

/** What is used of what was asked for, within the configured ranges. */
export const effectiveBuffer = (
  request: { buffer_size: number; prefetch_threshold: number },
  ranges: { buffer_size_range: Range; prefetch_threshold_range: Range },
) => ({
  frames: clamp(request.buffer_size, ranges.buffer_size_range),
  prefetchRatio: clamp(request.prefetch_threshold, ranges.prefetch_threshold_range),
})
