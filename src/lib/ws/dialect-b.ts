// What clients of dialect B are told besides: a result of what they asked for, and statistics under B's names.
import { toPublicRecord } from '../base/errors.ts'
import type { ClientMessage, ServerMessage } from '../protocol/signalling.ts'

type ResultType = 'answer_result' | 'add_track_result' | 'close_result'

/** Whether only a client of dialect B says this. Answers and closings are the same in both: they follow what was said before. */
export const isDialectB = (message: ClientMessage): boolean =>
  message.type === 'add_ipfs_track' ||
  (message.type === 'offer_request' && (message.track_ids !== undefined || message.pc_id !== undefined))

/** @param error what went wrong; absent when it went well. */
export function resultOf(type: ResultType, id: string | undefined, error?: unknown): ServerMessage {
  const place = id === undefined ? {} : { pc_id: id }
  if (error === undefined) return { type, success: true, ...place }
  return { type, success: false, ...place, error: toPublicRecord(error).message }
}
