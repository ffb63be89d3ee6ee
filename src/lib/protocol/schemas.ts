// The JSON bodies of the HTTP API, once: they validate requests, describe /openapi.json and type the client.
import { z } from 'zod'
import { type ErrorCode, errorKinds } from '../base/errors.ts'
import { qualities } from '../model/quality.ts'

/** From least to most: watch, run streams and content, everything. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/** A CID, path or address of content; what it means is the store's to say. */
const contentText = z.string().trim().min(1).max(4096)

/** Said by each branch: zod takes the words of the one whose type fits. */
const isNoQuality = {
  error: ({ input }: { input?: unknown }) =>
    `${JSON.stringify(input)?.slice(0, 64)} is none of ${qualities.join(', ')} or 0 to 100`,
}

export const qualityValue = z
  .union(
    [
      z.enum(qualities, isNoQuality),
      z.int(isNoQuality).min(0, isNoQuality).max(100, isNoQuality),
      z.string().regex(/^(?:0?\d{1,2}|100)$/, isNoQuality),
    ],
    isNoQuality,
  )
  .describe('A name, or a whole number from 0 to 100')

const failureBody = z
  .object({
    success: z.literal(false),
    error: z.string(),
    code: z.enum(Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]]),
    hint: z.string(),
    details: z.unknown().optional(),
  })
  .meta({ id: 'Failure' })
export type FailureBody = z.infer<typeof failureBody>

// Session, tickets and tokens.

export const sessionRequest = z.object({ token: z.string().min(1).max(2048) })
export const sessionReply = z.object({
  success: z.literal(true),
  role: z.enum(roles),
  cid: z.string().optional(),
  expires_at: z.iso.datetime().optional(),
})
export const ticketReply = z.object({ success: z.literal(true), ticket: z.string(), expires_in: z.number() })
export const tokenRequest = z.object({
  role: z.enum(roles).default('viewer'),
  cid: z
    .string()
    .regex(/^[A-Za-z0-9]{8,128}$/)
    .optional()
    .describe('The token reaches only content whose address begins with this CID, spelled this way'),
  expires_in: z.int().min(1).max(31_536_000).default(86_400).describe('Seconds'),
})
export const tokenReply = z.object({
  success: z.literal(true),
  token: z.string(),
  role: z.enum(roles),
  cid: z.string().optional(),
  expires_at: z.iso.datetime(),
})

// The control routes of the dashboards (origin: HTTP 200 in every case, `success` says how it went).

const outcome = {
  success: z.boolean(),
  error: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
}

export const streamRequest = z.object({ cid: contentText, quality: qualityValue.default(80) })
export const qualityRequest = z.object({ quality: qualityValue.default(80) })
export const actionReply = z
  .object({ ...outcome, connection_id: z.string().optional(), message: z.string().optional() })
  .loose()
  .meta({ id: 'ActionReply' })

const connectionItem = z
  .object({
    connection_id: z.string(),
    content_cid: z.string(),
    status: z.enum(['connecting', 'active', 'closed']),
    start_time: z.iso.datetime(),
    end_time: z.iso.datetime().nullable(),
    quality: z.string(),
    peer_id: z.string(),
  })
  .loose()
  .meta({ id: 'Connection' })
export type ConnectionItem = z.infer<typeof connectionItem>
export const connectionList = z.object({
  connections: z.array(connectionItem),
  count: z.int(),
  timestamp: z.iso.datetime(),
})

// The base routes of the MCP server.

export const addRequest = z.object({ content: z.string(), filename: z.string().min(1).max(255).optional() })
export const cidRequest = z.object({ cid: contentText })
const operation = { success: z.literal(true), operation_id: z.string(), duration_ms: z.number() }
export const addReply = z.object({ ...operation, cid: z.string(), Hash: z.string(), content_size_bytes: z.number() })
export const pinReply = z.object({ ...operation, cid: z.string() })
export const pinList = z.object({ ...operation, pins: z.array(z.string()), count: z.int() })

export const healthReply = z
  .object({
    success: z.boolean(),
    status: z.enum(['ok', 'degraded']),
    timestamp: z.number().describe('Seconds since the epoch'),
    server_id: z.string(),
    debug_mode: z.boolean(),
    isolation_mode: z.boolean(),
    initialization: z.object({ success: z.boolean(), error_count: z.int(), warning_count: z.int() }),
    daemons: z.record(z.string(), z.object({ type: z.string(), running: z.boolean(), error: z.string().optional() })),
    problems: z
      .array(z.string())
      .describe('What is wrong with what the server keeps: damage, and what became of it; a full disk'),
  })
  .meta({ id: 'Health' })
export type HealthReply = z.infer<typeof healthReply>

export const infoReply = z
  .object({
    success: z.literal(true),
    name: z.string(),
    version: z.string(),
    node_id: z.string(),
    uptime_seconds: z.number(),
    encoder: z.string(),
    content_store: z.string(),
    sample_cid: z.string().optional(),
    endpoints: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Info' })

/** Query of `POST /whep/<cid>`. */
export const whepQuery = z.object({
  connection_id: z.string().max(128).optional().describe('Attach to this waiting stream instead of opening one'),
  quality: qualityValue.optional(),
  start: z.string().max(32).optional().describe('Seconds, or m:ss'),
  loop: z.enum(['', '1', '0', 'true', 'false']).optional(),
  audio: z.coerce.number().int().min(0).optional().describe('Track id'),
})

// The history.

const atMs = z.coerce.number().int().min(0).max(8.64e15)
export const historyQuery = z.object({
  from: atMs.default(0).describe('Milliseconds since the epoch'),
  to: atMs.optional(),
  connection: z.string().min(1).max(200).optional(),
})
