// The waterfall of a CID: every step from its text to a steady picture, with times. What the server tells of its half
// (GET /api/v0/checks/content), and what `mcpx check-connectivity <cid> --json` says. The version stands for the fields.
import { z } from 'zod'

export const waterfallVersion = 1

/** In the order in which they come. */
export const waterfallSteps = {
  parsed: 'CID parsed',
  found: 'found',
  dial: 'dial',
  'first-block': 'first block',
  verified: 'verified',
  demux: 'demux',
  codec: 'codec decision',
  offer: 'offer, answer',
  ice: 'ICE',
  dtls: 'DTLS',
  'first-rtp': 'first RTP',
  'first-key-frame': 'first key frame',
  steady: 'steady for 5 s',
} as const
export type WaterfallStepName = keyof typeof waterfallSteps
export const waterfallStepNames = Object.keys(waterfallSteps) as WaterfallStepName[]

const milliseconds = z.number().min(0).max(86_400_000)
const shortText = z.string().max(4000)

const step = z
  .strictObject({
    step: z.enum(waterfallStepNames as [WaterfallStepName, ...WaterfallStepName[]]),
    where: z.enum(['here', 'server']).describe('In which process it was timed'),
    status: z.enum(['done', 'failed', 'skipped']).describe('skipped: an earlier one failed, or it was not needed'),
    startMs: milliseconds.optional().describe('Since the beginning; absent where it did not begin'),
    ms: milliseconds.optional(),
    detail: shortText.optional(),
    code: z.string().max(64).optional().describe('Error code, where it failed'),
    cause: shortText.optional(),
    fix: shortText.optional(),
  })
  .meta({ id: 'WaterfallStep' })
export type WaterfallStep = z.infer<typeof step>

/** What only a server can time: up to the tracks of the content. `startMs` counts from when it was asked. */
export const contentTraceReply = z.object({ success: z.literal(true), steps: z.array(step).max(16) })
export const contentTraceQuery = z.object({
  content: z.string().trim().min(1).max(4096).describe('A CID, path or address'),
})

/** Traces content inside the server; a step that fails is the last. Rejects with RATE_LIMITED while another goes on. */
export type TraceContent = (content: string, signal: AbortSignal) => Promise<WaterfallStep[]>

export const waterfallReport = z
  .strictObject({
    version: z.literal(waterfallVersion),
    startedAt: z.iso.datetime(),
    content: z.string(),
    server: z.string().nullable().describe('Its address; null: it was started for this run'),
    outcome: z.enum(['steady', 'failed', 'unreachable', 'refused']),
    elapsedMs: milliseconds,
    candidatePair: z.string().optional().describe('Types of the path that was taken'),
    steps: z.array(step),
  })
  .meta({ id: 'WaterfallReport', title: 'Report of mcpx check-connectivity <cid>' })
export type WaterfallReport = z.infer<typeof waterfallReport>

/** As JSON Schema (2020-12), for who reads results elsewhere. */
export const waterfallJsonSchema = (): object =>
  z.toJSONSchema(waterfallReport, {
    override({ jsonSchema }) {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
