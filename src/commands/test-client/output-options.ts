// What `mcpx test-client` judges by, and where its results go.
import * as option from '../../lib/base/options.ts'

export const outputOptions = {
  threshold: option.list({
    help: "What must hold, as 'startup_p95<3000ms' or 'failed==0'; exit 99 where it does not; repeatable",
    placeholder: 'rule',
  }),
  abortOnFail: option.boolean({ help: 'End the run as soon as a threshold has failed for good' }),
  html: option.string({ help: 'Write a page about the run: one file that needs no network', placeholder: 'file' }),
  junit: option.string({ help: 'Write the verdicts as JUnit XML', placeholder: 'file' }),
  saveBaseline: option.string({
    help: 'Write the result, where nothing failed, for later runs to be held against',
    placeholder: 'file',
  }),
  compareBaseline: option.string({
    help: 'Hold the run against an earlier one, figure by figure; exit 99 where it is worse for sure',
    placeholder: 'file',
  }),
  baselineTolerance: option.number({
    help: 'Percent by which a median may be worse than that of the baseline',
    placeholder: 'percent',
    default: 10,
    min: 0,
    max: 1000,
  }),
} as const

export interface OutputOptions extends option.OptionsOf<typeof outputOptions> {
  readonly json: boolean
  readonly quiet: boolean
}
