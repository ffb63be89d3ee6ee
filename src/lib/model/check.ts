// A check of `mcpx check-connectivity`: what it is called, what it finds, and what to do about it.

export const checkGroups = ['server', 'webrtc', 'network', 'content', 'machine', 'security'] as const
export type CheckGroup = (typeof checkGroups)[number]

/** `skipped`: it is not configured, or what it needs is not there; that is no failure. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skipped'

/** A way in which a check can go wrong, for the docs and for who meets it. */
export interface Trouble {
  /** What it probably is, in a sentence. */
  readonly cause: string
  /** What to do, with the flag or the command. */
  readonly fix: string
}

/** What one check found of one subject. */
export interface Finding {
  readonly status: CheckStatus
  /** What it was found of, where a check looks at several: the address of a gateway, of a TURN server. No secret. */
  readonly subject?: string
  /** In a few words: what was found, or why it was skipped. */
  readonly detail: string
  /** Key of the check's troubles; with `warn` and `fail`. */
  readonly trouble?: string
  /** In place of the trouble's, where what was found says it more exactly. */
  readonly fix?: string
  /** How long this subject took, where a check looks at several; of one it is measured anyway. */
  readonly elapsedMs?: number
  /** Figures for programs, with the unit in the name. */
  readonly values?: Readonly<Record<string, number | string | boolean>>
}

/** A finding with what there is to say of it. */
export interface CheckResult extends Finding {
  readonly check: string
  readonly group: CheckGroup
  readonly title: string
  /** Where it ran: in this process, or in the server. */
  readonly where: 'here' | 'server'
  readonly elapsedMs: number
  readonly cause?: string
}

export interface ServerChecksRequest {
  /** All that usually run there when none is named. */
  readonly names: readonly string[]
  /** In place of the sample. */
  readonly content?: string
  /** In place of the deadlines of those that have a longer one. */
  readonly deadlineS?: number
}

/** Checks inside the server's process. One run at a time: throws RATE_LIMITED. */
export type RunServerChecks = (request: ServerChecksRequest, signal: AbortSignal) => Promise<CheckResult[]>
