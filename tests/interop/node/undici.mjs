// The WebSocket that node has built in, from the package that it is built from, as a party. See browser.mjs.

import { createRequire } from 'node:module'
import { BrowserParty } from './browser.mjs'
import { obey, tell } from './obey.mjs'

const { WebSocket } = createRequire(import.meta.url)('undici')

const party = new BrowserParty(tell, WebSocket)
obey(party, { open: ([url, ...protocols], deflate) => party.open(url, protocols, deflate !== null) })
