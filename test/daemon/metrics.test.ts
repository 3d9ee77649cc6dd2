import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { HealthChecks } from '../../src/daemon/health.js';
import { LoopLag } from '../../src/daemon/loop-lag.js';
import { exposition, Histogram, Numbers, type MetricFamily } from '../../src/daemon/metric-family.js';
import { families } from '../../src/daemon/metrics.js';
import type { Runtime } from '../../src/runtime/runtime.js';

describe('metrics', () => {
  it('are texts as Prometheus reads them', () => {
    const seconds = new Histogram('s', 'Time', [0.5, 1]);
    for (const value of [0.5, 0.7, 3]) seconds.observe(value, { a: 'x' });
    const count = new Numbers('counter', 'c', 'Count');
    count.add({ a: 'q"\\\n' }, 2);
    expect(exposition([seconds, count, new Numbers('gauge', 'nothing', 'Not known')])).toBe(
      [
        '# HELP s Time',
        '# TYPE s histogram',
        's_bucket{a="x",le="0.5"} 1',
        's_bucket{a="x",le="1"} 2',
        's_bucket{a="x",le="+Inf"} 3',
        's_sum{a="x"} 4.2',
        's_count{a="x"} 3',
        '# HELP c Count',
        '# TYPE c counter',
        'c{a="q\\"\\\\\\n"} 2',
        '',
      ].join('\n'),
    );
  });

  it('hold a bounded number of series, whatever comes', () => {
    const count = new Numbers('counter', 'c', 'Count');
    const seconds = new Histogram('s', 'Time', [1]);
    for (let i = 0; i < 3000; i += 1) {
      count.add({ i: String(i) });
      seconds.observe(1, { i: String(i) });
    }
    count.add({ i: '0' });
    expect(count.samples().match(/\n/g)).toHaveLength(1000);
    expect(count.samples()).toMatch(/^c\{i="0"\} 2\n/);
    expect(seconds.samples().match(/_count/g)).toHaveLength(1000);
  });

  it('are all on their page, and the page has no others', () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    const told = [...page.matchAll(/^\| `((?:imaged|process)_\w+)` +\|/gm)].map(([, name]) => name);
    const known: readonly MetricFamily[] = Object.values(families());
    expect(told).toEqual(known.map(({ name }) => name));
  });
});

describe('the health of the process', () => {
  it('is bad for a while after callers had to wait, and when it is about to end', async () => {
    const lags: number[] = [];
    const lag = new LoopLag((seconds) => lags.push(seconds));
    const runtime = { operations: { running: [] } } as unknown as Runtime;
    const health = new HealthChecks(runtime, lag);
    expect(health.alive().ok).toBe(true);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(Math.max(...lags)).toBeGreaterThan(1);
    expect(health.alive()).toMatchObject({ ok: false, report: { status: 'late' } });
    health.stop();
    expect(health.alive()).toMatchObject({ ok: false, report: { status: 'stopping' } });
    expect(await health.ready()).toMatchObject({ ok: false, report: { status: 'stopping' } });
    lag.stop();
  });
});
