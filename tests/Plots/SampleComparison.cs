using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Tests.Results;

namespace Lab.Tests.Plots;

/// <summary>A made-up comparison with a known truth: <c>workqueue</c> is 12 % slower than <c>mainline</c>, <c>baseline</c> is
/// twice as fast and its tail three times longer.</summary>
internal static class SampleComparison
{
    private const string Workload = "memslot-churn", Mmu = "radix";

    private static readonly (string Strategy, double Factor, double SlowShare)[] Arms =
        [("mainline", 1, 0.004), ("workqueue", 1.12, 0.004), ("baseline", 0.5, 0.03)];

    internal static ComparisonFolder WriteTo(string root, int blocks, int asked = 0, bool isWatched = true)
    {
        ComparisonFolder folder = ComparisonFolder.Create(root, new ComparisonManifest
        {
            CommandLine = ["lab", "compare", .. Arms.Select(arm => arm.Strategy), "--blocks", "10", "--out", "it's here"],
            Seed = 1, BlocksAsked = Math.Max(asked, blocks), Threshold = 0.02,
            Arms = [.. Arms.Select(
                arm => new ComparisonArm { Label = arm.Strategy, Source = ArmSource.Strategy, Strategy = arm.Strategy })],
        });
        Random random = new(17);
        DateTimeOffset started = SampleRun.Manifest.StartedUtc;
        for (int number = 1; number <= blocks; number++)
        {
            double mood = 1 + (0.02 * Math.Sin(number));
            List<BlockRun> runs = [];
            foreach (int arm in BlockOrder.Of(number, Arms.Length, seed: 1))
            {
                started += TimeSpan.FromSeconds(7);
                runs.Add(new BlockRun { Arm = arm, Run = Path.GetFileName(
                    Measure(folder.Runs, arm, started, mood * (1 + (0.01 * random.NextDouble())), random, isWatched)) });
            }

            folder.Add(new ComparisonBlock { Number = number, Seed = (ulong)number, Runs = runs });
        }

        folder.Finish();
        return folder;
    }

    internal static ArmComparison Read(ComparisonFolder folder) =>
        ArmComparison.Of([.. folder.Manifest.Arms.Select((_, arm) => ArmReader.FromBlocks(folder, arm))],
            folder.Manifest.Threshold, []);

    private static string Measure(string root, int arm, DateTimeOffset started, double mood, Random random, bool isWatched)
    {
        (string strategy, double factor, double slow) = Arms[arm];
        RunFolder folder = RunFolder.Create(root, SampleRun.Manifest with { StartedUtc = started });
        SampledMetrics samples = new(new MeasurementKey(strategy, Workload, Mmu, 1), random);
        samples.Add("update", 12_000, 40_000 * factor * mood, slow);
        samples.Add("fault", 4_000, 1_900 * mood, 0.002);
        MeasurementRows rows =
            new(new Measurement { Strategy = strategy, Workload = Workload, Mmu = Mmu, Run = 1, MeasuredS = 5 })
        {
            Summary = samples.Summary, Histograms = samples.Histograms, Timeline = samples.Timeline,
        };
        folder.Write(isWatched ? WatchedSample.Of(rows) : rows);
        folder.Complete();
        return folder.Path;
    }
}
