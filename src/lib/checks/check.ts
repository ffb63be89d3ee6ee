// What a check is: data, and one function that looks. One file each in the folder of its group, and a line in index.ts.
import type { CheckGroup, Finding, Trouble } from '../model/check.ts'
import type { CheckContext } from './context.ts'
import type { CheckNeed } from './needs.ts'

/**
 * `here`: in the process of the command, for what lies between it and the server. `server`: only the server's own process knows.
 * `either`: in the server where that can be asked, otherwise here with the options of the command.
 */
export type CheckPlace = 'here' | 'server' | 'either'

type Troubles = Readonly<Record<string, Trouble>>

export interface Check {
  /** For the command line: small letters and hyphens. */
  readonly name: string
  readonly group: CheckGroup
  readonly title: string
  /** What it looks at, in a sentence, for the docs. */
  readonly about: string
  readonly where: CheckPlace
  /** What must be there; otherwise the check is skipped with the reason. */
  readonly needs: readonly CheckNeed[]
  /** A check that is not over by then has failed. */
  readonly deadlineS: number
  /** It measures, and runs when no other does. */
  readonly disturbs?: true
  /** Not one of those that run when none is named: it takes long, or loads the machine. */
  readonly onlyAsked?: true
  /** By name: every way in which it can warn or fail. */
  readonly troubles: Troubles
  /** What it throws is a failure. Ends with `context.signal`. */
  run(context: CheckContext): Promise<Finding | readonly Finding[]>
}

/** Keeps the names of troubles, so that a finding of a check names one that it has. */
export function defineCheck<const T extends Troubles>(
  check: Omit<Check, 'troubles' | 'run'> & {
    readonly troubles: T
    run(context: CheckContext): Promise<FindingOf<T> | readonly FindingOf<T>[]>
  },
): Check & { readonly troubles: T } {
  return check
}

/** A finding that warns or fails says by which trouble. */
export type FindingOf<T extends Troubles> =
  | (Omit<Finding, 'status' | 'trouble'> & { readonly status: 'pass' | 'skipped'; readonly trouble?: never })
  | (Omit<Finding, 'status' | 'trouble'> & {
      readonly status: 'warn' | 'fail'
      readonly trouble: keyof T & string
    })
