// For `node --import`: `import … from 'mcpx'` means the sources, so that examples run in a test as they stand, without a build.
import { registerHooks } from 'node:module'

const source = new URL('../../src/lib/index.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'mcpx' ? { url: source, shortCircuit: true } : next(specifier, context),
})
