// What checks found, as data: what `mcpx check-connectivity --json` says, and what GET /api/v0/checks answers. Published as JSON
// Schema (docs/checks.schema.json); the version stands for the fields.
import { z } from 'zod'
import { checkGroups } from '../model/check.ts'

export const checksReportVersion = 1

const milliseconds = z.number().min(0)
const count = z.int().min(0)

const checkResult = z
  .strictObject({
    check: z.string().describe('Name of the check'),
    group: z.enum(checkGroups),
    title: z.string(),
    where: z.enum(['here', 'server']).describe('In which process it ran'),
    status: z.enum(['pass', 'warn', 'fail', 'skipped']).describe('skipped: not configured; that is no failure'),
    subject: z.string().optional().describe('What it was found of, where a check looks at several'),
    detail: z.string(),
    trouble: z.string().optional().describe('Key of the way it failed, in docs/checks.md; with warn and fail'),
    cause: z.string().optional(),
    fix: z.string().optional(),
    elapsedMs: milliseconds,
    values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
  })
  .meta({ id: 'CheckResult' })

/** The longest answer that is taken from a server: who looks at hundreds of gateways looks at too many. */
const maxResults = 1000

/** `GET /api/v0/checks`. */
export const checksQuery = z.object({
  name: z
    .union([z.string().max(64), z.array(z.string().max(64)).max(200)])
    .optional()
    .describe(
      'A check; repeatable. All that run in the server when absent, those of --security and those that take long excepted',
    ),
  content: z.string().trim().min(1).max(4096).optional().describe('In place of the sample'),
  deadline: z.coerce.number().min(0.1).max(600).optional().describe('Seconds that a check may take at most'),
})
export const checksReply = z.object({
  success: z.literal(true),
  results: z.array(checkResult).max(maxResults),
})

export const checksOutcomes = ['passed', 'failed', 'unreachable', 'refused'] as const

export const checksReport = z
  .strictObject({
    version: z.literal(checksReportVersion),
    startedAt: z.iso.datetime(),
    elapsedMs: milliseconds,
    server: z.string().nullable().describe('Its address, without a token; null: none is named and none runs here'),
    serverState: z
      .enum(['none', 'reached', 'untrusted', 'unreachable'])
      .describe('untrusted: it answers with a certificate that is not trusted, and was told no secret'),
    outcome: z
      .enum(checksOutcomes)
      .describe('unreachable, refused: nobody knows how the server is; local checks ran all the same'),
    counts: z.strictObject({ pass: count, warn: count, fail: count, skipped: count }),
    results: z.array(checkResult).readonly(),
  })
  .meta({ id: 'ChecksReport' })
export type ChecksReport = Readonly<z.infer<typeof checksReport>>

/** As JSON Schema (2020-12), for who reads results elsewhere. */
export const checksReportJsonSchema = (): object =>
  z.toJSONSchema(checksReport, {
    override({ jsonSchema }) {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      delete jsonSchema.readOnly
    },
  })
