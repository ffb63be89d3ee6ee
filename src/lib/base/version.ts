// The version of this package, from the one place that states it.
import { readFileSync } from 'node:fs'

/** As in package.json. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
