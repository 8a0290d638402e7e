// What a listener's counter of refusals means to a person: what came, and what to do about it. The
// server counts under short fixed reasons (kolben_listener_rejected{listener, reason}). Pure.

export interface Explanation {
  what: string;
  fix: string;
}

const kExplanations: Readonly<Record<string, Explanation>> = {
  http1_on_grpc_port: {
    what: 'An HTTP/1.1 request came to the gRPC port',
    fix: 'Send OTLP/HTTP to the HTTP port, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc.',
  },
  http2_preface: {
    what: 'A gRPC client (HTTP/2) came to the HTTP port',
    fix: 'Send OTLP/gRPC to the gRPC port, or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.',
  },
  tls_on_plain_port: {
    what: 'A TLS handshake came to a port without TLS',
    fix: 'Write http:// instead of https:// (insecure: true), or give this listener a certificate.',
  },
  plain_on_tls_port: {
    what: 'A connection without TLS came to a port with TLS',
    fix: 'Write https:// in the sender’s endpoint.',
  },
  tls_handshake_failed: {
    what: 'A TLS handshake failed',
    fix: 'Check that the sender trusts this listener’s certificate, and shows its own where one is demanded.',
  },
  wrong_path: {
    what: 'A request for a path that takes no data',
    fix: 'OTLP/HTTP goes to /v1/traces, /v1/metrics and /v1/logs, Zipkin to /api/v2/spans.',
  },
  wrong_method: { what: 'A request that was no POST', fix: 'Data is sent with POST; browsers and probes send GET.' },
  wrong_content_type: {
    what: 'A content type that is not read here',
    fix: 'Send application/x-protobuf or application/json.',
  },
  undecodable_body: {
    what: 'A body that could not be decompressed, or was too large after it',
    fix: 'Compress with gzip or zstd and name it in Content-Encoding, or send smaller batches.',
  },
  malformed: {
    what: 'A body that is not what its content type says',
    fix: 'The answer to the sender names the place of the mistake: see its log.',
  },
  malformed_request: {
    what: 'Bytes that are no request of this protocol',
    fix: 'Check the sender’s endpoint: scheme, port and protocol.',
  },
  unreadable_message: {
    what: 'A gRPC message that could not be read: broken, or larger than the limit',
    fix: 'Send smaller batches, or raise max_recv_msg_size_mib.',
  },
  too_large: { what: 'A body larger than the limit', fix: 'Send smaller batches, or raise max_request_body_size.' },
  header_too_large: { what: 'Headers of more than 64 KiB', fix: 'Check what the sender or a proxy adds to its requests.' },
  answers_too_large: {
    what: 'An answer that found no room beside those that slow peers had not read yet',
    fix: 'Read answers faster, ask for less, or try again later.',
  },
  too_many_bytes: {
    what: 'A body for which there was no memory beside the others that were arriving',
    fix: 'Senders try again by themselves; send smaller batches, or fewer at once.',
  },
  stopping: {
    what: 'A request that came while Kolben was stopping',
    fix: 'Senders try again by themselves once it runs.',
  },
  timeout: {
    what: 'A request that did not arrive in time',
    fix: 'Check the network in between; probes that connect and stay silent are counted here as well.',
  },
  cut_off: { what: 'A connection that closed in the middle of a request', fix: 'Check the sender’s timeout and the network in between.' },
  too_many_calls: {
    what: 'A sender had too many gRPC calls open at a time',
    fix: 'Let it wait for answers, or raise max_concurrent_streams of the receiver.',
  },
  too_many_connections: {
    what: 'A connection beyond the limit of this listener',
    fix: 'Let senders keep their connections, or put a collector in front of them.',
  },
  made_room: {
    what: 'A connection that waited longest for its peer made room for a new one',
    fix: 'Let senders keep their connections, or put a collector in front of them.',
  },
  foreign_host: {
    what: 'A browser came by a name that is not this machine’s',
    fix: 'Open it as localhost, or by a name that allowed_hosts permits.',
  },
  cross_site: {
    what: 'A web page of another origin sent data without being allowed to',
    fix: 'Name the page’s origin in cors.allowed_origins of the receiver.',
  },
  accept_failed: {
    what: 'A connection that the system could not hand over',
    fix: 'Raise the limit of open files (ulimit -n) of the kolben process.',
  },
};

/** Names of the reasons that are explained; the test holds them to what the server counts. */
export const kReasons: readonly string[] = Object.keys(kExplanations);

/** A reason of a newer server stands as it is, made readable. */
export function explain(reason: string): Explanation {
  const known = Object.hasOwn(kExplanations, reason) ? kExplanations[reason] : undefined;
  if (known) return known;
  const words = reason.replace(/_/g, ' ').trim();
  return { what: words === '' ? 'Unknown reason' : words[0]!.toUpperCase() + words.slice(1), fix: '' };
}
