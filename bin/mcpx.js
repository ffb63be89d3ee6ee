#!/usr/bin/env node
// The launcher, in plain old JavaScript: answers --version without loading anything, finds a Node that is new enough, then
// runs dist/cli.js.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const oldest = [22, 13]

function main() {
  const args = process.argv.slice(2)
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) return printVersion()
  if (isTooOld(process.versions.node)) return runOnNewerNode(args)
  return run()
}

function printVersion() {
  console.log(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version)
}

function isTooOld(version) {
  const [major, minor] = version.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}

/** The binary of the npm package `node`, beside this package or above it. */
function findNode() {
  for (let folder = home; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(found)) return found
    if (folder === dirname(folder)) return undefined
  }
}

function runOnNewerNode(args) {
  const node = process.env.MCPX_RELAUNCHED ? undefined : findNode()
  if (!node) {
    console.error(
      `error: mcpx needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}.\n` +
        '  Update Node, or put a newer one beside mcpx with: npm install node@24',
    )
    process.exitCode = 1
    return
  }
  const script = fileURLToPath(import.meta.url)
  const env = { ...process.env, MCPX_RELAUNCHED: '1' }
  // The channel says nothing; that it closes tells the child of an end that nobody could announce (kill -9).
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, [...process.execArgv, script, ...args], { stdio, env })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
  child.on('error', (error) => {
    console.error(`error: ${node} does not start: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

async function run() {
  if (process.env.MCPX_RELAUNCHED) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
  nodeModule.enableCompileCache?.()
  if (!existsSync(join(home, 'dist', 'cli.js'))) {
    console.error('error: mcpx is not built here. Run: npm run build')
    process.exitCode = 1
    return
  }
  const [{ main: runCli, reportError }, { createProcessIo }] = await Promise.all([
    import('../dist/cli.js'),
    import('../dist/lib/base/process-io.js'),
  ])
  const io = createProcessIo()
  const die = (error) => process.exit(reportError(io, error))
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  // A command may wait for nothing but a signal, which alone would not keep the process.
  const alive = setInterval(() => {}, 2 ** 30)
  const code = await runCli(io)
  clearInterval(alive)
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

await main()
