// A load test as JUnit XML, which GitHub, GitLab and Jenkins show: a test case for each
// judgement. As the schema of Jenkins has it (jenkinsci/xunit-plugin, junit-10.xsd), which is the strictest of the three.
import { plainText } from '../base/plain-text.ts'
import type { LoadResult } from '../protocol/load-result.ts'
import { type Judgement, judgementsOf } from './load-verdicts.ts'

const suite = 'mcpx test-client'

export function renderLoadJunit(result: LoadResult): string {
  const cases = judgementsOf(result)
  const count = (status: Judgement['status']) => cases.filter((one) => one.status === status).length
  const seconds = Math.max(0, (Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000)
  const sums = attributes({
    name: suite,
    tests: cases.length,
    failures: count('failed'),
    errors: 0,
    time: seconds.toFixed(3),
  })
  const more = attributes({
    skipped: count('doubtful'),
    // Without a zone, as the schema of Ant has it; UTC.
    timestamp: result.startedAt.slice(0, 19),
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${sums}>`,
    `  <testsuite${sums}${more}>`,
    ...cases.map(testCase),
    `    <system-out>${xml(summaryText(result))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase({ group, name, status, detail }: Judgement): string {
  const open = `    <testcase${attributes({ classname: `${suite}.${group}`, name, time: '0.000' })}`
  if (status === 'passed') return `${open}/>`
  const inside =
    status === 'failed'
      ? `<failure${attributes({ message: `${name}: ${detail}`, type: group })}>${xml(detail)}</failure>`
      : `<skipped${attributes({ message: detail })}/>`
  return `${open}>${inside}</testcase>`
}

function summaryText({ server, plan, summary }: LoadResult): string {
  const errors = summary.errors.map(({ code, message, count }) => `${count} × ${code}: ${message}`)
  const load = `${plan.viewers} viewers, ${plan.scenario}, ${plan.durationS} s, seed ${plan.seed}`
  return [`${load}, ${plan.impairment ?? 'no impairment'}, at ${server}`, ...errors].map(plainText).join('\n')
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(plainText(String(value)))}"`)
    .join('')

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** XML 1.0 knows neither control characters nor lone surrogates nor U+FFFE and U+FFFF, not even escaped. */
const xml = (text: string): string =>
  text
    .replaceAll(/[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '�')
    .replaceAll(/[&<>"']/g, (character) => entities[character]!)
