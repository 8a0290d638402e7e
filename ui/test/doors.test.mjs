import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { doorsOf, otherPorts } = await load('lib/doors.ts');
const count = (receiver, transport, signal, accepted, refused = 0) => ({ receiver, transport, signal, accepted, refused });
const port = (name, number) => ({ name, host: '127.0.0.1', port: number });
const kPorts = [port('query', 16686), port('otlp/grpc', 4317), port('otlp/http', 4318), port('zipkin', 9411)];

test('a door for each receiver and transport, its signals beside each other', () => {
  const doors = doorsOf(
    [count('otlp', 'grpc', 'spans', 7, 1), count('otlp', 'grpc', 'log_records', 3, 2), count('otlp', 'http', 'spans', 0), count('zipkin', 'http', 'spans', 5)],
    kPorts,
  );
  assert.deepEqual(doors, [
    { name: 'otlp/grpc', address: '127.0.0.1:4317', accepted: { spans: 7, log_records: 3 }, refused: 3 },
    { name: 'otlp/http', address: '127.0.0.1:4318', accepted: { spans: 0 }, refused: 0 },
    { name: 'zipkin', address: '127.0.0.1:9411', accepted: { spans: 5 }, refused: 0 },
  ]);
  assert.deepEqual(otherPorts(doors, kPorts).map((p) => p.name), ['query']);
});

test('a receiver without a port of its own', () => {
  assert.deepEqual(doorsOf([count('otlp/second', 'grpc', 'spans', 1)], kPorts), [
    { name: 'otlp/second/grpc', address: '', accepted: { spans: 1 }, refused: 0 },
  ]);
  assert.deepEqual(doorsOf([], kPorts), []);
});
