// Puts libraries of which little is used, or that come as thousands of files, into the one compiled file that imports them:
// whoever installs the package does not download them. They are development dependencies, with their licences beside.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { build } from 'vite'

/** Compiled files, each of which takes in the modules of its folder and all libraries. */
const bundles = ['lib/report/echarts.js', 'lib/tui/screen.js']
/** An import of what is not installed with the package. */
const bundled = /from '(?:echarts|ink|react)(?:\/|')/

/** Rewrites the files in `dist`, which the compiler has written, in place. Rejects with Vite's message when one does not build. */
export async function buildBundles(dist) {
  const packages = new Set()
  for (const file of bundles) {
    const entry = join(dist, file)
    const { output } = await buildBundle(dist, entry)
    for (const id of output.flatMap((chunk) => chunk.moduleIds ?? [])) packages.add(packageOf(id))
    for (const id of output.flatMap((chunk) => chunk.moduleIds ?? [])) if (id !== entry) dropUser(dist, id)
    // Its types are those of libraries that are not installed; nobody outside imports it.
    rmSync(entry.replace(/\.js$/, '.d.ts'))
  }
  writeFileSync(join(dist, 'lib', 'BUNDLED-LICENSES.txt'), licensesOf([...packages].filter(Boolean).sort()))
}

/** A module that imports a bundled library can be used in the bundle alone, which has a copy of it. */
function dropUser(dist, id) {
  if (!id.startsWith(dist + sep) || !bundled.test(readFileSync(id, 'utf8'))) return
  for (const file of [id, id.replace(/\.js$/, '.d.ts')]) rmSync(file)
}

function buildBundle(dist, entry) {
  return build({
    configFile: false,
    root: dist,
    logLevel: 'warn',
    publicDir: false,
    // React checks itself at every step, and Ink looks for its developer tools, unless told that this is no development.
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: dirname(entry),
      emptyOutDir: false,
      target: 'node22',
      minify: true,
      rollupOptions: {
        external: (id, importer) => isElsewhere(dist, entry, id, importer),
        output: { entryFileNames: basename(entry), codeSplitting: false },
      },
    },
  })
}

/** Whether a module is of another folder of the program: that one is there already, and must be there once. */
function isElsewhere(dist, entry, id, importer) {
  if (!id.startsWith('.') || !importer || importer.includes(`${sep}node_modules${sep}`)) return false
  const target = resolve(dirname(importer), id)
  return target.startsWith(dist + sep) && !target.startsWith(dirname(entry) + sep)
}

/** Folder of the package that a module belongs to. */
function packageOf(id) {
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll(sep, '/').replace(/^\0/, ''))?.[1]
}

function licensesOf(folders) {
  const texts = folders.filter(existsSync).map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const files = readdirSync(folder).filter(
      (file) => /^(licen[cs]e|notice|copying)/i.test(file) && !/licenses$/.test(file),
    )
    return [
      `${name} ${version} (${license})`,
      ...files.map((file) => readFileSync(join(folder, file), 'utf8').trim()),
    ].join('\n\n')
  })
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
