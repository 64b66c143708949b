using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Made-up run folders with a known truth, on disk as a run would have left them.</summary>
internal sealed class ComparedRuns : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public string Path => _temporary.Path;

    /// <summary>Where comparisons go; baselines and runs are beside it.</summary>
    public string Out => Beside("comparisons");

    public string Beside(string name) => System.IO.Path.Combine(_temporary.Path, name);

    public void Dispose() => _temporary.Dispose();

    /// <summary>A run folder with one repetition per value: <c>update</c> with this p50 in ns, and <c>fault</c>, always the
    /// same.</summary>
    public string Folder(string below, IReadOnlyList<double> p50, Func<Manifest, Manifest>? change = null, long samples = 200_000,
        string strategy = "workqueue")
    {
        RunFolder folder = RunFolder.Create(Beside(below), (change ?? (same => same))(SampleRun.Manifest));
        foreach ((int index, double value) in p50.Index()) folder.Write(Rows(strategy, index + 1, value, samples));
        folder.Complete();
        return folder.Path;
    }

    /// <summary>A folder of run folders with one repetition each.</summary>
    public string Folders(
        string below, IReadOnlyList<double> p50, Func<Manifest, Manifest>? change = null, string strategy = "workqueue")
    {
        foreach (double value in p50) Folder(below, [value], change, strategy: strategy);
        return Beside(below);
    }

    /// <summary>A finished comparison without its own measuring: two arms, a block per value.</summary>
    public ComparisonFolder Blocks(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        ComparisonFolder folder = ComparisonFolder.Create(Out, new ComparisonManifest
        {
            BlocksAsked = a.Count,
            Threshold = 0.02,
            Seed = 1,
            Arms = [Arm("mainline"), Arm("workqueue")],
        });
        for (int block = 1; block <= a.Count; block++)
        {
            string first = Folder(folder.Runs, [a[block - 1]], strategy: "mainline");
            string second = Folder(folder.Runs, [b[block - 1]]);
            folder.Add(new ComparisonBlock
            {
                Number = block,
                Runs = [new BlockRun { Arm = 0, Run = System.IO.Path.GetFileName(first) },
                    new BlockRun { Arm = 1, Run = System.IO.Path.GetFileName(second) }],
            });
        }
        folder.Finish();
        return folder;
    }

    /// <summary>Several turns: on a busy machine an update may outlast one, and then does not count. Who watches is a process
    /// more for each run, so only what is about that asks for it.</summary>
    public string[] Tiny(params string[] arguments)
    {
        string[] watch = arguments.Contains("--watch") ? [] : ["--watch", "off"];
        return
        [
            "compare", .. arguments, "--out", Out, "--duration", "500ms", "--memory", "8MiB", "--warmup", "20ms",
            "--vcpus", "1",
            "--grace", "0ms", "--steady-limit", "0s", .. watch,
        ];
    }

    /// <summary>The one comparison that there is.</summary>
    public ComparisonFolder Only() => ComparisonFolder.Open(Assert.Single(Directory.EnumerateDirectories(Out)));

    private static ComparisonArm Arm(string strategy) =>
        new() { Label = strategy, Source = ArmSource.Strategy, Strategy = strategy,
            Arguments = ["--memory", "4MiB", "--duration", "50ms", "--warmup", "20ms"] };

    /// <summary>Each update takes as long as the median says, one after the other, and so does each fault.</summary>
    private static MeasurementRows Rows(string strategy, int run, double p50, long samples)
    {
        double seconds = samples * p50 / 1e9;
        return new MeasurementRows(
            new Measurement { Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, MeasuredS = seconds })
        {
            Summary = [Row("update", p50), Row("fault", 400)],
            Histograms = [.. Buckets("update", p50), .. Buckets("fault", 400)],
            Timeline = [Whole("update", p50), Whole("fault", 400)],
        };

        long CountOf(double median) => (long)Math.Round(seconds * 1e9 / median);

        // So few may be left that the quantile is the largest of them.
        double Quantile(double median, double share, double times) =>
            median * (Math.Ceiling(share * CountOf(median)) >= CountOf(median) ? 6 : times);

        TimelineRow Whole(string metric, double median) => new()
        {
            Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
            LengthMs = seconds * 1000, Count = CountOf(median), P50 = median, P99 = median * 3, Max = median * 6,
        };

        HistogramRow[] Buckets(string metric, double median) =>
        [
            new()
            {
                Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
                Low = (long)(median / 2), High = (long)(median * 6) + 1, Count = CountOf(median),
            },
        ];

        SummaryRow Row(string metric, double median) => new()
        {
            Strategy = strategy, Workload = "memslot-churn", Mmu = "radix", Run = run, Metric = metric, Unit = "ns",
            Count = CountOf(median), Min = median / 2, Mean = median * 1.1, StdDev = median / 5, P50 = median,
            P90 = Quantile(median, 0.9, 2), P99 = Quantile(median, 0.99, 3), P999 = Quantile(median, 0.999, 4),
            P9999 = Quantile(median, 0.9999, 5), Max = median * 6, RatePerS = CountOf(median) / seconds,
        };
    }
}
