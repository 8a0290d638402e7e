"""kill -9 during load: every acknowledged span is there, none twice, also where the sender sends
again what it got no answer for; every start succeeds.

Several stores die side by side (crash_lane.py). KOLBEN_SOAK=1 kills 10,000 times, KOLBEN_KILLS=n
so many times.
"""
import concurrent.futures
import os

from crash_lane import run_lane

KILLS = int(os.environ.get("KOLBEN_KILLS", 10_000 if os.environ.get("KOLBEN_SOAK") else 500))
LANES = 4


def test_no_acknowledged_span_is_lost_or_doubled(tmp_path):
    with concurrent.futures.ProcessPoolExecutor(LANES) as pool:
        lanes = [pool.submit(run_lane, number, tmp_path / f"lane-{number}", KILLS // LANES)
                 for number in range(LANES)]
        reports = [lane.result() for lane in lanes]
    for report in reports:
        print({key: value if not isinstance(value, list) else len(value)
               for key, value in report.items()})
    for report in reports:
        for wrong in ("lost", "invented", "doubled", "lost by compact", "doubled after compact",
                      "wrong traces"):
            assert not report[wrong], f"{wrong}: {len(report[wrong])}, the first {report[wrong][:5]}"
        assert all(report["ends"].values()), "not every kind of end was tried"
        assert report["parts"] > KILLS // LANES, "kills met no parts and merges"
    assert sum(report["resent"] for report in reports) > KILLS // 10, "kills hit hardly any request"
