// The page in a real browser against made-up data: `node test/browser.mjs [SCREENSHOT_DIR [PART_OF_NAME]]`.
// Needs a built ui/dist and Chromium (CHROMIUM=path where it is not /usr/bin/chromium). Every page is
// tried in both themes, checked by axe (WCAG 2.2 AA), and must log no error: a breach of the content
// security policy would.

import { finish } from './browser/harness.mjs';

const kParts = ['looks', 'search', 'charts', 'list', 'pages', 'asking', 'operations', 'logs', 'trace', 'base', 'huge'];
for (const part of kParts) await import(`./browser/${part}.mjs`);
process.exitCode = (await finish()) ? 0 : 1;
