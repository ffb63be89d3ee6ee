// What a client sees of a failure: the code, the message and the hint; a stack or a path only with --debug.
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type ErrorCode, McpxError, toMcpxError, toPublicRecord } from '../base/errors.ts'
import type { FailureBody } from '../protocol/schemas.ts'

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  FST_REQ_FILE_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  FST_FILES_LIMIT: 'MESSAGE_TOO_LARGE',
  FST_PARTS_LIMIT: 'MESSAGE_TOO_LARGE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INVALID_JSON',
}

export interface Failure {
  readonly status: number
  readonly body: FailureBody
  readonly error: McpxError
}

/** Fastify's, zod's, Node's or our own error as what is answered. */
export function toFailure(thrown: unknown, debug: boolean): Failure {
  const error = classify(thrown)
  const status = statusOf(thrown) ?? error.status
  const stack = error.cause instanceof Error ? error.cause.stack : error.stack
  const body: FailureBody = {
    success: false,
    error: debug ? error.message : toPublicRecord(error).message,
    code: error.code,
    hint: error.hint,
    ...(debug && error.code === 'INTERNAL' ? { details: stack } : {}),
  }
  return { status, body, error }
}

function classify(thrown: unknown): McpxError {
  if (thrown instanceof McpxError) return thrown
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const found = thrown.validation.map((issue) => `${issue.instancePath.slice(1) || 'body'}: ${issue.message}`)
    return new McpxError('INVALID_REQUEST', found.join('; ').slice(0, 500))
  }
  const { code = '', message = '' } = thrown as { code?: string; message?: string }
  const status = statusOf(thrown)
  if (fastifyCodes[code]) return new McpxError(fastifyCodes[code], message)
  if (status !== undefined && thrown instanceof SyntaxError) return new McpxError('INVALID_JSON', message)
  if (status === 404) return new McpxError('NOT_FOUND', message)
  if (status !== undefined) return new McpxError('INVALID_REQUEST', message)
  return toMcpxError(thrown)
}

/** The 4xx a framework error asks for; undefined for everything else. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof McpxError || hasZodFastifySchemaValidationErrors(thrown)) return undefined
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
