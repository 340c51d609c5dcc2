/** Where to go after signing in: a path of this site only, so that a crafted link cannot lead the reader away. */
export function safeReturnPath(path: string | null | undefined): string {
  return path != null && /^\/(?![/\\])/.test(path) ? path : '/'
}
