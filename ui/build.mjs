// Builds the page into ui/dist: `node build.mjs`.
//
// Output: dist/index.html and dist/assets/NAME-HASH.{js,css,svg}. Everything under assets/ may be
// cached for ever, index.html never. Types are checked by `npm run check` (tsc), not here, so that a
// C++ build needs esbuild alone.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const kRoot = dirname(fileURLToPath(import.meta.url));
const kDist = join(kRoot, 'dist');
// First load: what a person's first visit to /search transfers. Above this, people feel it.
const kFirstLoadLimit = 100 * 1000;

const options = {
  absWorkingDir: kRoot,
  outdir: join(kDist, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'none',
  metafile: true,
  charset: 'utf8',
  logLevel: 'warning',
};

async function hashed(source, name, extension) {
  const bytes = await readFile(join(kRoot, source));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
  const file = `assets/${name}-${hash}.${extension}`;
  await writeFile(join(kDist, file), bytes);
  return file;
}

/** The output that came from this entry point. */
function outputOf(metafile, entry) {
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (output.entryPoint === entry) return path.replace(/^dist\//, '');
  }
  throw new Error(`no output for ${entry}`);
}

/** What it imports at once, itself first: browsers learn of the rest only when they have read it. */
function modulesOf(metafile, entry) {
  const path = Object.keys(metafile.outputs).find((output) => metafile.outputs[output].entryPoint === entry);
  const imported = metafile.outputs[path].imports.filter((other) => other.kind === 'import-statement');
  return [path, ...imported.map((other) => other.path)].map((output) => output.replace(/^dist\//, ''));
}

async function writeIndex(metafile) {
  const favicon = await hashed('src/favicon.svg', 'favicon', 'svg');
  const places = {
    boot: outputOf(metafile, 'src/boot.ts'),
    main: outputOf(metafile, 'src/main.tsx'),
    style: outputOf(metafile, 'src/style/main.css'),
    favicon,
  };
  const template = await readFile(join(kRoot, 'src/index.html'), 'utf8');
  const preloads = modulesOf(metafile, 'src/main.tsx').map((module) => `<link rel="modulepreload" href="./${module}" />`);
  const html = template.replace('{{preloads}}', preloads.join('\n    ')).replace(/\{\{(\w+)\}\}/g, (_, name) => `./${places[name]}`);
  await writeFile(join(kDist, 'index.html'), html);
}

async function report() {
  let total = 0;
  const files = ['index.html', ...(await readdir(join(kDist, 'assets'))).map((f) => `assets/${f}`)];
  for (const file of files.sort()) {
    const bytes = await readFile(join(kDist, file));
    const packed = gzipSync(bytes, { level: 9 }).length;
    total += packed;
    console.log(`${String(bytes.length).padStart(8)} B ${String(packed).padStart(7)} B gzip  ${file}`);
  }
  console.log(`first load ${(total / 1000).toFixed(1)} kB gzip (limit ${kFirstLoadLimit / 1000} kB)`);
  if (total > kFirstLoadLimit) throw new Error('the first load is above its limit');
}

await rm(kDist, { recursive: true, force: true });
await mkdir(join(kDist, 'assets'), { recursive: true });
// boot runs as a classic script, before the page is parsed further: wrapped, so that it leaves no globals.
const boot = await esbuild.build({ ...options, entryPoints: ['src/boot.ts'], format: 'iife' });
const page = await esbuild.build({ ...options, entryPoints: ['src/main.tsx', 'src/style/main.css'], format: 'esm', splitting: true });
await writeIndex({ outputs: { ...boot.metafile.outputs, ...page.metafile.outputs } });
await report();
