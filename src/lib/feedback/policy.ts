// What a strategy has to keep to: what was asked for, and what the server gives at most.
import { type Quality, qualityLimits } from '../model/quality.ts'

export interface Policy {
  readonly quality: Quality
  /** Lines of the shorter side that `auto` takes of rungs that are made here: above it a core serves one viewer only. */
  readonly maxMadeHeight: number
}

export const policyFor = (quality: Quality): Policy => ({ quality, maxMadeHeight: qualityLimits.high.height })
