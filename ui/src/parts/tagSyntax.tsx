// How tags are written, in a sentence.

export function TagSyntax() {
  return (
    <>
      Tags are <code>key=value</code>, <code>key!=value</code>, <code>key&gt;1</code>, <code>key&lt;=1</code>, <code>key=~regular expression</code>, or a bare <code>key</code>: it exists.
      A regular expression has to match the whole value: <code>http.target=~.*orders.*</code> finds a part of it.
    </>
  );
}
