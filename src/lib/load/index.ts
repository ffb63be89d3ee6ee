// The load test as commands see it; loaded only by one that runs it.
export { findBrowser } from './browser/find-browser.ts'
export { runLoad } from './load.ts'
export type { LoadDeps, LoadOptions, LoadRun } from './load-options.ts'
