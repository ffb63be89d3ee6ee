// The dashboard is one that Grafana reads: the compiler holds the file against Grafana's own schema (@grafana/schema).
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

let folder: string
beforeAll(async () => {
  // Inside the repository, so that imports of packages resolve.
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/grafana-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Panel {
  readonly type: string
  readonly options?: object
  readonly fieldConfig?: { readonly defaults: { readonly custom?: object } }
}

/** In JSON, what the schema has as an enum is its value. */
const given = (types: readonly string[]) => `
import type { Dashboard } from '@grafana/schema'
${types.map((type) => `import type * as ${type} from '@grafana/schema/dist/esm/raw/composable/${type}/panelcfg/x/${nameOf(type)}PanelCfg_types.gen'`).join('\n')}
type Plain<T> = T extends string ? \`\${T}\` : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : T)
  : T extends readonly (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
`
const nameOf = (type: string) =>
  ({ bargauge: 'BarGauge', timeseries: 'TimeSeries' })[type] ?? type[0]!.toUpperCase() + type.slice(1)

function sourceOf(dashboard: { readonly panels: readonly Panel[] }): string {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')
  const lines = panels.map(
    ({ type, options, fieldConfig }, n) =>
      `export const panel${n}: Plain<Partial<${type}.Options>> = ${JSON.stringify(options ?? {})}` +
      (type === 'timeseries'
        ? `\nexport const field${n}: Plain<${type}.FieldConfig> = ${JSON.stringify(fieldConfig?.defaults.custom ?? {})}`
        : ''),
  )
  const types = [...new Set(panels.map(({ type }) => type))]
  return `${given(types)}\nexport const dashboard: Plain<Dashboard> = ${JSON.stringify(dashboard)}\n${lines.join('\n')}\n`
}

async function compile(): Promise<string[]> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: root })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}

it('the dashboard has the form of Grafana, and another one has not', async () => {
  const dashboard = JSON.parse(await readFile(join(root, 'deploy/grafana/webrtc_dashboard.json'), 'utf8'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'esnext',
    skipLibCheck: true,
    types: [],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  await writeFile(join(folder, 'dashboard.ts'), sourceOf(dashboard))
  const wrong = structuredClone(dashboard)
  wrong.graphTooltip = 7
  wrong.panels.find(({ type }: Panel) => type === 'timeseries').options.legend.displayMode = 'sideways'
  await writeFile(join(folder, 'wrong.ts'), sourceOf(wrong))
  const errors = await compile()
  expect(errors.filter((line) => !line.includes('wrong.ts'))).toEqual([])
  expect(errors).toEqual([
    expect.stringMatching(/'7' is not assignable/),
    expect.stringMatching(/"sideways"' is not assignable/),
  ])
}, 90_000)
