// A real Prometheus on a free port of loopback, with its data in a throw-away folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram, until } from './e2e.ts'
import { scratchFolder } from './e2e-server.ts'

export const prometheusPath = findProgram('prometheus')
export const promtoolPath = findProgram('promtool')

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface Prometheus {
  /** The answer of its API under /api/v1; throws with what it says of a request that it refuses. */
  ask<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T>
  /** What an expression is now. */
  query(expression: string): Promise<Sample[]>
  stop(): Promise<void>
}

interface Settings {
  /** Job → address of the metrics. */
  readonly targets: Readonly<Record<string, string>>
  readonly ruleFile: string
}

/** Scrapes and evaluates every second. Resolves once it answers. */
export async function startPrometheus({ targets, ruleFile }: Settings): Promise<Prometheus> {
  const folder = await scratchFolder()
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: Object.entries(targets).map(([job, address]) => {
      const { host, pathname } = new URL(address)
      return { job_name: job, metrics_path: pathname, static_configs: [{ targets: [host] }] }
    }),
  }
  const configFile = join(folder.path, 'prometheus.yml')
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config))
  const args = [`--config.file=${configFile}`, `--storage.tsdb.path=${join(folder.path, 'data')}`]
  const child = spawn(prometheusPath!, [...args, '--web.listen-address=127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (bytes) => {
    said += bytes
  })
  const exited = once(child, 'close')

  async function stop(): Promise<void> {
    if (child.exitCode === null) child.kill('SIGTERM')
    await exited
    await folder.remove()
  }

  try {
    const host = await until('Prometheus listens', () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`)
      return /"Listening on" address=(\S+)/.exec(said)?.[1]
    })
    await until('Prometheus is ready', async () => (await fetch(`http://${host}/-/ready`)).ok)

    async function ask<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
      const response = await fetch(`http://${host}/api/v1/${path}?${new URLSearchParams(query)}`)
      const body = (await response.json()) as { status: string; error?: string; data: T }
      if (body.status !== 'success') throw new Error(`${JSON.stringify(query)}: ${body.error}`)
      return body.data
    }

    return {
      ask,
      async query(expression) {
        type Row = { metric: Record<string, string>; value: [number, string] }
        const { result } = await ask<{ result: Row[] }>('query', { query: expression })
        return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
