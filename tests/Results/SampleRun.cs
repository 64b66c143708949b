using Lab.Results;

namespace Lab.Tests.Results;

/// <summary>A made-up run that looks like a real one: lognormal bodies, a slow path now and then, several strategies, workloads
/// and repetitions, one broken strategy caught, one bound. The same every time: all of it comes from one seed.</summary>
internal sealed class SampleRun
{
    private const long Microsecond = 1000;

    private static readonly (string Name, string Family, double MedianUs, double SlowShare)[] Candidates =
    [
        ("baseline", "roots", 420, 0.02), ("defunct-flag", "roots", 180, 0.01), ("second-list", "roots", 95, 0.008),
        ("second-list-shared", "roots", 60, 0.012), ("workqueue", "roots", 34, 0.004), ("refcount2", "roots", 41, 0.006),
        ("mainline", "roots", 38, 0.003), ("async-put", "roots/broken", 29, 0.003), ("nothing-to-zap", "bound", 6, 0.001),
    ];

    private readonly Random _random = new(20240229);

    internal static Manifest Manifest { get; } = new()
    {
        StartedUtc = new DateTimeOffset(2026, 11, 20, 9, 30, 15, TimeSpan.Zero),
        CommandLine = ["lab", "run", "--strategy", "all,async-put", "--workload", "memslot-churn,last-put", "--runs", "3",
            "--out", "it's here"],
        Seed = 18446744073709551557,
        GitCommit = "8c71edc0f1e2d3c4b5a697886950413223140516",
        GitDirty = true,
        Machine = new MachineFacts
        {
            Cpu = "Example CPU @ 2.80GHz", Cores = 2, Kernel = "6.18.5", Os = "Debian GNU/Linux 13",
            MemoryBytes = 24L << 30, Hypervisor = "KVM",
            Facts = new Dictionary<string, string> { ["cores"] = "2 of 2", ["governor"] = "none" },
        },
        Runtime = new RuntimeFacts { Dotnet = "10.0.1", ServerGc = false, TieredCompilation = false },
        Clock = new ClockFacts
            { Source = "tsc", FrequencyHz = 2.8e9, CostNs = 22.8, Invariant = true, Note = "clock_gettime through the vDSO" },
        Settings = new Dictionary<string, string>
        {
            ["vcpus"] = "4", ["memory"] = "256MiB", ["duration"] = "5s", ["rate"] = "0", ["runs"] = "3", ["mmu"] = "radix",
        },
        Warnings = ["6 actors on 2 cores: latencies include waiting for a core", "steal time 1.4 % while measuring"],
    };

    /// <summary>Every measurement of the sample, in the order a run makes them: repetitions outermost.</summary>
    internal IEnumerable<MeasurementRows> Measurements(int runs = 3)
    {
        for (int run = 1; run <= runs; run++)
        {
            foreach (string workload in (string[])["memslot-churn", "last-put"])
            {
                foreach ((string name, string family, double median, double slow) in Candidates)
                {
                    yield return Measure(name, family, workload, run, median * (workload == "last-put" ? 0.4 : 1), slow);
                }
            }
        }
    }

    /// <summary>Writes the whole sample below <paramref name="root"/> and returns its folder.</summary>
    internal static RunFolder WriteTo(string root, int runs = 3)
    {
        RunFolder folder = RunFolder.Create(root, Manifest);
        foreach (MeasurementRows rows in new SampleRun().Measurements(runs)) folder.Write(rows);
        folder.Complete();
        return folder;
    }

    private MeasurementRows Measure(string strategy, string family, string workload, int run, double medianUs, double slowShare)
    {
        MeasurementKey key = new(strategy, workload, "radix", run);
        bool broken = family.EndsWith("broken", StringComparison.Ordinal);
        List<Violation> violations = broken ? Violations(key) : [];
        bool update = workload == "memslot-churn";
        string main = update ? "update" : "put";
        SampledMetrics samples = new(key, _random);
        samples.Add(main, 4000, medianUs * Microsecond, slowShare);
        samples.Add("fault", 20000, 1.9 * Microsecond, 0.002);
        samples.Add(update ? "reload" : "destroy", 1200, medianUs * 0.3 * Microsecond, 0.01);
        if (update)
        {
            foreach ((string phase, double share) in ((string, double)[])[("lock_wait", 0.3), ("invalidate", 0.05),
                ("reload_wait", 0.15), ("zap_wait", 0.38), ("srcu", 0.1), ("other", 0.02)])
            {
                samples.Add($"update.phase.{phase}", 4000, medianUs * share * Microsecond, slowShare);
            }
        }

        return new MeasurementRows(new Measurement
        {
            Strategy = strategy, Family = family, Broken = broken, Bound = family == "bound", Workload = workload, Mmu = key.Mmu,
            Run = run, Verdict = broken ? Verdict.Violated : Verdict.Clean, Violations = violations.Count,
            GcInWindow = strategy == "workqueue" && run == 2 ? 1 : 0, JitInWindow = strategy == "baseline" && run == 1 ? 3 : 0,
            MeasuredS = 5, Notes = run == 1 && strategy == "baseline" ? ["warmed 0.8 s longer than asked"] : [],
        })
        {
            Summary = samples.Summary,
            Histograms = samples.Histograms,
            Timeline = samples.Timeline,
            Violations = violations,
            KernelEvents = update ? [.. KernelEvents(key, medianUs)] : [],
            Counters =
            [
                new CounterRow { Strategy = strategy, Workload = workload, Mmu = key.Mmu, Run = run, Counter = "flushes",
                    Unit = "count", Value = 4000 + _random.Next(50) },
                new CounterRow { Strategy = strategy, Workload = workload, Mmu = key.Mmu, Run = run, Counter = "peak_table_pages",
                    Unit = "pages", Value = 1037 },
                .. Enumerable.Range(0, 4).Select(cpu => new CounterRow
                {
                    Strategy = strategy, Workload = workload, Mmu = key.Mmu, Run = run, Actor = $"vcpu{cpu}",
                    Counter = "accesses_per_s",
                    Unit = "1/s", Value = Math.Round((4.2e6 + (_random.NextDouble() * 4e5)) / (1 + (medianUs / 600)), 1),
                }),
            ],
        };
    }

    /// <summary>As a traced run on kvm has them: one zap for an update, and intervals without any.</summary>
    private static IEnumerable<KernelEventRow> KernelEvents(MeasurementKey key, double medianUs)
    {
        for (int interval = 0; interval < 100; interval += 1 + (int)(medianUs / 100))
        {
            foreach ((string name, long count) in ((string, long)[])[("kvm_mmu_zap_all_fast", 40),
                ("kvm_mmu_prepare_zap_page", 280)])
            {
                yield return new KernelEventRow
                {
                    Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
                    Event = name, StartMs = interval * 50.0, LengthMs = 50, Count = count + (key.Run * interval),
                };
            }
        }
    }

    private static List<Violation> Violations(MeasurementKey key) =>
    [
        new Violation
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Invariant = "I3",
            Claim = "No vCPU reaches a page table after it was freed.",
            What = "vcpu1 read SPTE 0x1f of table 0x7f20 that worker freed 1.2 µs earlier", Root = "root#17",
            AtNs = 2_417_331_904,
            Events =
            [
                new ViolationEvent
                    { TNs = 2_417_330_001, Actor = "updater", Kind = "invalidate", Root = "root#17", Refcount = 2 },
                new ViolationEvent { TNs = 2_417_330_604, Actor = "vcpu1", Kind = "get", Root = "root#17", Refcount = 3,
                    Detail = "reload, fast path" },
                new ViolationEvent { TNs = 2_417_330_704, Actor = "worker", Kind = "free", Root = "root#17", Refcount = 0 },
                new ViolationEvent
                    { TNs = 2_417_331_904, Actor = "vcpu1", Kind = "access", Root = "root#17", Detail = "gfn 0x81f" },
            ],
        },
    ];
}
