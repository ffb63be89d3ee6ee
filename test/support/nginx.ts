// A real nginx on loopback, for tests: found, started with one location, stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findProgram, until } from './e2e.ts'

/** Debian puts it where only root's PATH leads. */
export const findNginx = (): string | undefined => {
  const path = process.env.PATH
  process.env.PATH = `${path}:/usr/sbin:/usr/local/sbin`
  try {
    return findProgram('nginx')
  } finally {
    process.env.PATH = path
  }
}

export interface NginxOptions {
  /** `location <path> { … }`, once its port is known. */
  readonly location: (port: number) => string | Promise<string>
  readonly certificate?: { readonly certFile: string; readonly keyFile: string }
  /** Lines of the server. */
  readonly server?: string
}

/** The address of its home; ended when the test is. */
export async function startNginx(binary: string, options: NginxOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-nginx-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  // Between asking for a free port and taking it somebody else may: then once more.
  for (let tries = 0; ; tries++) {
    const port = await freePort()
    await writeFile(join(folder, 'nginx.conf'), configOf(folder, port, await options.location(port), options))
    const child = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { stdio: 'pipe' })
    onTestFinished(() => end(child))
    let said = ''
    child.stderr.on('data', (bytes) => {
      said += bytes
    })
    const url = `http${options.certificate ? 's' : ''}://127.0.0.1:${port}`
    try {
      await until('nginx listens', async () => {
        if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`)
        return connects(port)
      })
      return url
    } catch (error) {
      if (tries >= 2 || !said.includes('Address already in use')) throw error
    }
  }
}

function configOf(folder: string, port: number, location: string, { certificate, server = '' }: NginxOptions): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const tls = certificate ? `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};` : ''
  return [
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off; worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 64; }',
    `http { access_log off; ${temp.join(' ')}`,
    `server { listen 127.0.0.1:${port}${certificate ? ' ssl' : ''}; ${tls} ${server}`,
    location,
    '} }',
  ].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
