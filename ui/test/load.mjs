// Loads the page's TypeScript modules into Node; several that are given together share what they import.

import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

export async function load(...paths) {
  const contents = paths.map((path) => `export * from './${path}';`).join('\n');
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../src', import.meta.url)) },
    define: { 'import.meta.url': '"http://kolben.example/assets/main.js"' }, // where the page lives
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
