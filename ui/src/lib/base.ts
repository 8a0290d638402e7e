// Where the page lives: below nothing, or below a path that a proxy or the server's base_path put in
// front of it ("/jaeger"). Told by the address that the page's own script was loaded from, because the
// server does not know what a proxy cuts off. Pure.

/** "https://host/jaeger/assets/boot-1A2B3C4D.js" is below "/jaeger", without a slash at the end. */
export function baseOf(scriptUrl: string): string {
  const folder = new URL('..', scriptUrl).pathname.replace(/\/+$/, '');
  // Two slashes in front would make the next word of a link a host.
  return folder.replace(/^\/+/, '/');
}

/** The page's own path of the browser's: "/jaeger/search" below "/jaeger" is "/search". */
export function below(base: string, path: string): string {
  return base !== '' && (path === base || path.startsWith(`${base}/`)) ? path.slice(base.length) || '/' : path;
}
