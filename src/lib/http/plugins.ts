// What a program that embeds the server adds to it: routes of its own, and panels of the dashboard that show their data.
import type { z } from 'zod'
import { McpxError } from '../base/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { routes } from '../protocol/routes.ts'
import { type Role, roles } from '../protocol/schemas.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What the handler of a route gets. `body` and `query` have been through the schemas of the route. */
export interface PluginRequest<Body = unknown, Query = unknown> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  /** Of the token, or `admin` where the server has none. */
  readonly role: Role
  readonly engine: Engine
}

export interface PluginRoute<Body extends z.ZodType = z.ZodType, Query extends z.ZodType = z.ZodType> {
  readonly method: (typeof methods)[number]
  /** Below `/api/v0/plugins/<name>`, as `/figures/:id`. */
  readonly path: string
  /** Least role of a token, where the server has one. */
  readonly role: Role
  /** For /openapi.json. */
  readonly summary?: string
  /** A request that does not fit is answered 400 INVALID_REQUEST. */
  readonly body?: Body
  readonly query?: Query
  /** What it resolves to is sent as JSON; an McpxError becomes its status with code and hint, anything else a 500. */
  handler(request: PluginRequest<z.output<Body>, z.output<Query>>): unknown
}

/** A panel of the dashboard: its data, not its looks. */
export interface PluginPanel {
  readonly id: string
  readonly title: string
  /** Of a GET route of the same plugin that answers with PanelData. */
  readonly path: string
  /** Seconds between two questions of an open dashboard; 5 by default. */
  readonly everyS?: number
}

export interface Plugin {
  /** Lower-case letters, digits and `-`. */
  readonly name: string
  readonly routes?: readonly PluginRoute[]
  readonly panels?: readonly PluginPanel[]
}

/** The same route; with the types that its schemas give to the handler. */
export const pluginRoute = <Body extends z.ZodType, Query extends z.ZodType>(
  route: PluginRoute<Body, Query>,
): PluginRoute => route as unknown as PluginRoute

const mostPanels = 40
const longestEveryS = 3600
export const defaultEveryS = 5
const isName = (text: string) => /^[a-z0-9][a-z0-9-]{0,39}$/.test(text)
/** Letters, `:name` and no dots at the front: nothing that climbs out of the plugin's own paths. */
const isPath = (text: string) => text.length <= 200 && /^(\/(:?[A-Za-z0-9_-][\w.-]*))+$/.test(text)

function refuse(what: string, rule: string): never {
  throw new McpxError('INVALID_OPTION', what.slice(0, 200), { hint: rule })
}

/** Throws INVALID_OPTION with the plugin and what is wrong with it. */
export function checkPlugins(plugins: readonly Plugin[]): void {
  const names = new Set<string>()
  for (const plugin of plugins) {
    const { name } = plugin
    if (!isName(name))
      refuse(`"${name}" is not a valid plugin name`, 'Use lower-case letters, digits and "-", 40 at the most.')
    if (names.has(name)) refuse(`there are two plugins "${name}"`, 'Give each a name of its own.')
    names.add(name)
    checkRoutes(plugin)
    checkPanels(plugin)
  }
  if (plugins.flatMap(({ panels = [] }) => panels).length > mostPanels)
    refuse(`more than ${mostPanels} panels`, 'Put more figures, rows or series into one.')
}

function checkRoutes({ name, routes: own = [] }: Plugin): void {
  const seen = new Set<string>()
  for (const { method, path, role } of own) {
    if (!methods.includes(method))
      refuse(`plugin ${name}: "${method}" is not a method that plugins have`, `Use ${methods.join(', ')}.`)
    if (!isPath(path)) refuse(`plugin ${name}: "${path}" is not a valid path`, 'Write it as /figures or /figures/:id.')
    if (!roles.includes(role)) refuse(`plugin ${name}: "${role}" is not a role`, `Use ${roles.join(', ')}.`)
    const route = `${method} ${path.replace(/:[^/]+/g, ':')}`
    if (seen.has(route)) refuse(`plugin ${name} has two routes ${method} ${path}`, 'Give each a path of its own.')
    seen.add(route)
  }
}

function checkPanels({ name, routes: own = [], panels = [] }: Plugin): void {
  if (new Set(panels.map(({ id }) => id)).size < panels.length)
    refuse(`plugin ${name} has two panels of one id`, 'Give each an id of its own.')
  for (const { id, title, path, everyS = defaultEveryS } of panels) {
    const panel = `plugin ${name}, panel ${id}`
    if (!isName(id))
      refuse(`plugin ${name}: "${id}" is not a valid panel id`, 'Use lower-case letters, digits and "-".')
    if (title.trim() === '' || title.length > 80) refuse(`${panel}: no title`, 'Give 1 to 80 letters.')
    const route = own.find((one) => one.method === 'GET' && one.path === path)
    if (!route || path.includes(':'))
      refuse(`${panel}: "${path}" is not a GET route of the plugin`, 'Add a route of that path, without parameters.')
    if (route.role === 'admin')
      refuse(`${panel}: the route ${path} is for admins alone`, 'Give it the role "operator", as the dashboard has it.')
    if (!(everyS >= 1 && everyS <= longestEveryS))
      refuse(`${panel}: everyS is ${everyS}`, `Give 1 to ${longestEveryS} seconds.`)
  }
}

/** The address of a plugin's route. */
export const pluginPath = (name: string, path: string): string => `${routes.plugins}/${name}${path}`
