#!/usr/bin/env python3
"""Does the work of TPC-H queries 1 and 6, and of probing a table, with CuPy and PyTorch.

This is what gpu-bench compares Heddle with, on the same card. The columns are made at
random, as many rows, as narrow and with the same share of rows that pass the conditions
as those that Heddle reads; they are in the GPU's memory before a clock starts. It is
skipped, with a reason, where neither package finds a GPU.

Two ways are timed: array operations one after the other, as most people write them, and
one fused kernel where the package has a way to make one (cupy.ReductionKernel,
torch.compile). Probes look values up in a dense table by key, which is less than a join of
Heddle's does: no chains, no comparison of keys.
"""

import argparse
import json
import statistics
import sys

LINES_PER_SCALE = 6_001_215  # rows of lineitem at SF 1
SHIPDATE_DAYS = 2526  # from 1992-01-02 to 1998-12-01


class CuPy:
    name = "cupy"

    def __init__(self):
        import cupy

        self.cp = cupy
        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise RuntimeError("it finds no GPU")
        self.version = cupy.__version__
        self.device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        self.random = cupy.random.default_rng(1)

    def integers(self, low, high, rows, width):
        kinds = {1: "int8", 2: "int16", 4: "int32", 8: "int64"}
        return self.random.integers(low, high, rows, dtype="int64").astype(kinds[width])

    def seconds(self, work, runs):
        cp = self.cp
        times = []
        for _ in range(runs + 1):  # the first one compiles
            start, end = cp.cuda.Event(), cp.cuda.Event()
            start.record()
            work()
            end.record()
            end.synchronize()
            times.append(cp.cuda.get_elapsed_time(start, end) / 1e3)
        return statistics.median(times[1:])

    def copy(self, size):
        a = self.cp.ones(size, dtype="int8")
        b = self.cp.empty_like(a)
        return lambda: self.cp.copyto(b, a)

    def q6(self, ship, discount, quantity, price):
        cp = self.cp

        def arrays():
            keep = (ship >= 730) & (ship < 1095) & (discount >= 5) & (discount <= 7) & (quantity < 2400)
            return (price[keep].astype("int64") * discount[keep]).sum()

        kernel = cp.ReductionKernel(
            "int16 s, int8 d, int16 q, int32 p",
            "int64 y",
            "(s >= 730 && s < 1095 && d >= 5 && d <= 7 && q < 2400) ? (long long)p * d : 0ll",
            "a + b",
            "y = a",
            "0",
            "q6",
        )
        return {"arrays": arrays, "fused": lambda: kernel(ship, discount, quantity, price)}

    def q1(self, ship, flag, status, quantity, price, discount, tax):
        cp = self.cp

        def arrays():
            keep = ship <= 2436
            group = (flag[keep] * 2 + status[keep]).astype("int64")
            q, p = quantity[keep].astype("float64"), price[keep].astype("float64")
            d, t = discount[keep].astype("float64"), tax[keep].astype("float64")
            reduced = p * (100 - d)
            sums = [cp.bincount(group, weights=w, minlength=6) for w in (q, p, reduced, reduced * (100 + t), d)]
            return sums + [cp.bincount(group, minlength=6)]

        return {"arrays": arrays}

    def probe(self, keys, values):
        return {"arrays": lambda: values[keys].sum(dtype="int64")}


class Torch:
    name = "torch"

    def __init__(self):
        import torch

        self.torch = torch
        if not torch.cuda.is_available():
            raise RuntimeError("it finds no GPU")
        self.version = torch.__version__
        self.device = torch.cuda.get_device_name(0)
        self.generator = torch.Generator(device="cuda").manual_seed(1)

    def integers(self, low, high, rows, width):
        t = self.torch
        kinds = {1: t.int8, 2: t.int16, 4: t.int32, 8: t.int64}
        return t.randint(low, high, (rows,), generator=self.generator, device="cuda", dtype=t.int64).to(kinds[width])

    def seconds(self, work, runs):
        t = self.torch
        times = []
        for _ in range(runs + 1):
            start, end = t.cuda.Event(enable_timing=True), t.cuda.Event(enable_timing=True)
            start.record()
            work()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end) / 1e3)
        return statistics.median(times[1:])

    def copy(self, size):
        a = self.torch.ones(size, dtype=self.torch.int8, device="cuda")
        b = self.torch.empty_like(a)
        return lambda: b.copy_(a)

    def q6(self, ship, discount, quantity, price):
        t = self.torch

        def arrays():
            keep = (ship >= 730) & (ship < 1095) & (discount >= 5) & (discount <= 7) & (quantity < 2400)
            return (price[keep].to(t.int64) * discount[keep]).sum()

        def flat(ship, discount, quantity, price):
            keep = (ship >= 730) & (ship < 1095) & (discount >= 5) & (discount <= 7) & (quantity < 2400)
            return t.where(keep, price.to(t.int64) * discount.to(t.int64), 0).sum()

        compiled = t.compile(flat)
        return {"arrays": arrays, "fused": lambda: compiled(ship, discount, quantity, price)}

    def q1(self, ship, flag, status, quantity, price, discount, tax):
        t = self.torch

        def arrays():
            keep = ship <= 2436
            group = (flag[keep] * 2 + status[keep]).to(t.int64)
            q, p = quantity[keep].to(t.float64), price[keep].to(t.float64)
            d, x = discount[keep].to(t.float64), tax[keep].to(t.float64)
            reduced = p * (100 - d)
            sums = [t.bincount(group, weights=w, minlength=6) for w in (q, p, reduced, reduced * (100 + x), d)]
            return sums + [t.bincount(group, minlength=6)]

        return {"arrays": arrays}

    def probe(self, keys, values):
        t = self.torch

        def arrays():
            return values[keys.to(t.int64)].sum(dtype=t.int64)

        compiled = t.compile(lambda keys, values: values[keys.to(t.int64)].sum(dtype=t.int64))
        return {"arrays": arrays, "fused": lambda: compiled(keys, values)}


def measure(package, scale, runs):
    rows = max(1, int(LINES_PER_SCALE * scale))
    size = min(4 << 30, max(1 << 20, int(scale * (1 << 30))))
    copied = package.seconds(package.copy(size), runs)
    report = {
        "program": package.name,
        "version": package.version,
        "scale": scale,
        "runs": runs,
        "hardware": {"name": package.device, "copyBytesPerSecond": 2 * size / copied},
        "kernels": [],
    }

    def add(query, ways, columns):
        for way, work in ways.items():
            entry = {"query": query, "kernel": way, "rows": rows, "bytes": sum(c.nbytes for c in columns)}
            try:
                took = package.seconds(work, runs)
            except Exception as problem:  # a package that lacks a compiler still gives the rest
                entry["problem"] = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
                report["kernels"].append(entry)
                continue
            entry["ms"] = took * 1e3
            entry["bytesPerSecond"] = entry["bytes"] / took
            entry["shareOfCopy"] = entry["bytesPerSecond"] / report["hardware"]["copyBytesPerSecond"]
            entry["rowsPerSecond"] = rows / took
            report["kernels"].append(entry)

    ship = package.integers(0, SHIPDATE_DAYS, rows, 2)
    discount = package.integers(0, 11, rows, 1)
    tax = package.integers(0, 9, rows, 1)
    quantity = package.integers(1, 51, rows, 2) * 100
    price = package.integers(90_000, 10_495_000, rows, 4)
    flag, status = package.integers(0, 3, rows, 1), package.integers(0, 2, rows, 1)
    add("q06", package.q6(ship, discount, quantity, price), (ship, discount, quantity, price))
    columns = (ship, flag, status, quantity, price, discount, tax)
    add("q01", package.q1(*columns), columns)
    del columns, ship, discount, tax, quantity, price, flag, status
    for table, count in (("supplier", 10_000), ("part", 200_000), ("orders", 1_500_000)):
        entries = max(1, int(count * scale))
        keys, values = package.integers(0, entries, rows, 4), package.integers(0, 1 << 20, entries, 4)
        add("probe-" + table, package.probe(keys, values), (keys,))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sf", type=float, default=10, help="scale factor of TPC-H")
    parser.add_argument("--runs", type=int, default=5, help="runs for each median")
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    reports = []
    for kind in (CuPy, Torch):
        try:
            package = kind()
        except Exception as problem:  # not installed, or no GPU, or no driver
            print(f"no comparison with {kind.name}: {problem}")
            continue
        reports.append(measure(package, options.sf, options.runs))
        report = reports[-1]
        copied = report["hardware"]["copyBytesPerSecond"] / 1e9
        print(f"{kind.name} {report['version']} on {report['hardware']['name']}, copies within the card {copied:.1f} GB/s")
        print(f"{'query':>16} {'way':>8} {'ms':>10} {'GB/s':>8} {'of copy':>8} {'rows/s':>10}")
        for k in report["kernels"]:
            if "problem" in k:
                print(f"{k['query']:>16} {k['kernel']:>8}  did not run: {k['problem']}")
            else:
                print(
                    f"{k['query']:>16} {k['kernel']:>8} {k['ms']:>10.3f} {k['bytesPerSecond'] / 1e9:>8.1f} "
                    f"{k['shareOfCopy']:>8.0%} {k['rowsPerSecond']:>10.3g}"
                )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(reports, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
