using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>Analysis of runs with a known truth, in memory.</summary>
public sealed class ArmComparisonTests
{
    private static ArmRuns Arm(
        string label, IReadOnlyList<double> p50, bool isBlocked = true, params (string Metric, double Factor)[] metrics) =>
        ArmRuns.Of(label, "workqueue", p50.Select((value, index) => (Record(value, metrics), isBlocked ? index + 1 : 0)), []);

    private static RunRecord Record(double p50, IReadOnlyList<(string Metric, double Factor)> metrics) => new()
    {
        Folder = "nowhere",
        Manifest = SampleRun.Manifest with
            { Measurements = [new Measurement { Strategy = "workqueue", Workload = "memslot-churn", Mmu = "radix", Run = 1 }] },
        Summary = [.. metrics.DefaultIfEmpty(("update", 1)).Select(metric => Row(metric.Metric, p50 * metric.Factor))],
    };

    private static SummaryRow Row(string metric, double p50) => new()
    {
        Strategy = "workqueue", Workload = "memslot-churn", Mmu = "radix", Run = 1, Metric = metric, Unit = "ns", Count = 200_000,
        Min = p50 / 2, Mean = p50, P50 = p50, P90 = p50 * 1.5, P99 = p50 * 2, P999 = p50 * 3, P9999 = p50 * 4, Max = p50 * 5,
        RatePerS = 1e9 / p50,
    };

    private static RatioVerdict[] Verdicts(int seed, double change)
    {
        (double[][] a, double[][] b) = new Simulated(seed).Blocks(10, change, runSpread: 0.03);
        return [.. ArmComparison.Of([Arm("a", a[0]), Arm("b", b[0])], 0.02, []).Gate.Select(answer => answer.Verdict)];
    }

    [Fact]
    public void Ten_percent_slower_in_ten_blocks_is_reported_in_95_of_100_comparisons_at_three_percent_spread() =>
        Assert.InRange(Enumerable.Range(0, 200).Count(seed => Verdicts(seed, 0.1).Contains(RatioVerdict.Slower)), 190, 200);

    [Fact]
    public void Equals_are_never_reported_slower() =>
        Assert.All(Enumerable.Range(1000, 200), seed => Assert.DoesNotContain(RatioVerdict.Slower, Verdicts(seed, 0)));

    [Fact]
    public void Blocks_that_only_one_arm_finished_are_not_paired_and_runs_apart_are_not_either()
    {
        ArmRuns a = Arm("a", [1e6, 1.1e6, 1.2e6]), b = Arm("b", [1e6, 1.1e6]);
        Assert.All(ArmComparison.Of([a, b], 0.02, []).Rows, row => Assert.Equal((2, true), (row.Runs, row.IsPaired)));
        Assert.All(ArmComparison.Of([a, Arm("b", [1e6, 1e6], isBlocked: false)], 0.02, []).Rows,
            row => Assert.Equal((2, false), (row.Runs, row.IsPaired)));
    }

    [Fact]
    public void The_metric_that_decides_is_a_family_of_its_own_and_comes_first()
    {
        (string, double)[] metrics = [("fault", 0.001), ("update", 1), ("update.phase.flush", 0.1), ("reload", 0.01)];
        double[] runs = [.. Enumerable.Range(0, 10).Select(run => 1e6 + run)];

        ArmComparison comparison = ArmComparison.Of([Arm("a", runs, true, metrics), Arm("b", runs, true, metrics)], 0.02, []);
        Assert.Equal((5, 10), (comparison.FamilySize, comparison.OtherFamilySize));
        Assert.Equal(["update", "fault", "reload"], comparison.Rows.Select(row => row.Metric).Distinct());

        ArmComparison asked = ArmComparison.Of([Arm("a", runs, true, metrics), Arm("b", runs, true, metrics)], 0.02,
            ["fault", "update.phase.flush"]);
        Assert.Equal(["fault", "update.phase.flush"], asked.Rows.Where(row => row.Gated).Select(row => row.Metric).Distinct());
    }

    [Fact]
    public void Every_pair_of_blocks_is_mirrored_and_equal_seeds_order_equally()
    {
        for (int block = 1; block < 100; block += 2)
        {
            Assert.Equal(BlockOrder.Of(block, 3, 7).Reverse(), BlockOrder.Of(block + 1, 3, 7));
        }
        Assert.Equal(BlockOrder.Of(5, 4, 9), BlockOrder.Of(5, 4, 9));
        Assert.InRange(Enumerable.Range(0, 100).Count(pair => BlockOrder.Of(2 * pair + 1, 2, 7)[0] == 0), 30, 70);
    }
}
