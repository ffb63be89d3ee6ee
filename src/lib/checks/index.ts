// Every check there is, in the order in which they are shown: a new one is a file and a line here.
import type { Check } from './check.ts'
import { apiCheck } from './server/api.ts'

export const allChecks: readonly Check[] = [apiCheck]
