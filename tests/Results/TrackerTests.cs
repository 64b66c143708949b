using Lab.Results;
using Lab.Results.Tracking;
using Lab.Tests.Measure;
using Xunit;

namespace Lab.Tests.Results;

public sealed class TrackerTests(ITestOutputHelper output)
{
    private static readonly string[] Commits = [.. Enumerable.Range(0, 80).Select(index => $"c{index:00}")];

    internal static HistoryRow Row(
        int index, double value, string machine = "m1", string unit = "ns", string metric = "update") => new()
    {
        Commit = Commits[index % Commits.Length], Machine = machine, Settings = "s1", Strategy = "workqueue",
        Workload = "memslot-churn", Mmu = "radix",
        Metric = metric, Quantile = 0.99, Unit = unit, Value = value,
        TimeUtc = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero).AddHours(index), RunId = $"run-{machine}-{index}",
    };

    /// <summary>Every second commit measured; 10 % up from commit 40 on.</summary>
    private static IReadOnlyList<HistoryRow> StepAt40(string machine = "m1", string unit = "ns", int seed = 201)
    {
        double[] values = new Simulated(seed).Series(40, 0, isLognormal: false, spread: 0.01, step: 20, change: 0.1);
        return [.. values.Select((value, index) => Row(2 * index, value, machine, unit))];
    }

    [Fact]
    public void A_change_names_the_commits_between_the_last_good_and_the_first_bad()
    {
        TrackedChange change = Assert.Single(Assert.Single(Tracker.Track(StepAt40(), [], Commits)).Changes);
        Assert.True(change.IsRegression);
        Assert.Equal(("c38", "c40"), (change.Culprit.LastGood, change.Culprit.FirstBad));
        Assert.Equal(["c39", "c40"], change.Culprit.Suspects);
    }

    [Fact]
    public void Without_the_branch_only_the_first_bad_commit_is_named() =>
        Assert.Equal(["c40"], Tracker.Track(StepAt40(), [], [])[0].Changes[0].Culprit.Suspects);

    [Fact]
    public void A_rate_that_rises_is_no_regression()
    {
        TrackedSeries series = Assert.Single(Tracker.Track(StepAt40(unit: "1/s"), [], Commits));
        Assert.False(Assert.Single(series.Changes).IsRegression);
        Assert.Empty(series.OpenRegressions);
    }

    [Fact]
    public void Machines_are_series_of_their_own()
    {
        IReadOnlyList<HistoryRow> slow = [.. StepAt40("m2").Select(row => row with { Value = row.Value * 3 })];
        IReadOnlyList<TrackedSeries> series =
            Tracker.Track([.. StepAt40().Zip(slow).SelectMany(pair => new[] { pair.First, pair.Second })], [], Commits);
        Assert.Equal(["m1", "m2"], series.Select(one => one.Key.Machine));
        Assert.All(series, one => Assert.Equal(20, Assert.Single(one.Changes).Point.Index));
    }

    [Fact]
    public void An_acknowledged_change_is_kept_and_no_longer_open_even_if_it_moves_by_a_point()
    {
        IReadOnlyList<HistoryRow> rows = StepAt40();
        Acknowledgement seen = new(rows[0].Series, "c42", "buys the fix of a leak", DateTimeOffset.UnixEpoch);
        TrackedSeries series = Tracker.Track(rows, [seen], Commits)[0];
        Assert.Equal(seen, Assert.Single(series.Changes).Acknowledged);
        Assert.Empty(series.OpenRegressions);

        Acknowledgement elsewhere = seen with { Series = seen.Series with { Metric = "fault" } };
        Assert.Single(Tracker.Track(rows, [elsewhere, seen with { Commit = "c60" }], Commits)[0].OpenRegressions);
    }

    [Fact]
    public void Rows_of_one_run_are_one_point_and_points_are_in_the_order_of_time()
    {
        HistoryRow row = Row(0, 100);
        TrackedSeries series =
            Assert.Single(Tracker.Track([Row(1, 7), row, row with { Value = 104 }, row with { Value = 900 }], [], Commits));
        Assert.Equal([104.0, 7.0], series.Points.Select(point => point.Value));
    }

    [Fact]
    public void Runs_of_one_comparison_are_one_point_and_runs_by_themselves_are_not()
    {
        HistoryRow row = Row(0, 100);
        HistoryRow[] rows = [row with { RunId = "comparison/a" }, row with { RunId = "comparison/b", Value = 104 },
            row with { RunId = "comparison/c", Value = 900 }, Row(1, 7)];
        TrackedSeries series = Assert.Single(Tracker.Track(rows, [], Commits));
        Assert.Equal([("comparison", 104.0), ("run-m1-1", 7.0)], series.Points.Select(point => (point.Session, point.Value)));
    }

    /// <summary>With fewer no change is ever found, however clear; with as many, a clear one in the middle is.</summary>
    [Fact]
    public void The_fewest_points_that_a_change_takes_are_no_more_and_no_fewer()
    {
        int fewest = ChangePointDetector.FewestPoints();
        Assert.Equal(15, fewest);
        for (int count = 0; count < fewest; count++)
        {
            for (int step = 0; step <= count; step++)
            {
                Assert.Empty(ChangePointDetector.Find(
                    [.. new Simulated(count).Series(count, 0, isLognormal: false, spread: 0.001, step: step, change: 0.5)]));
            }
        }
        // Points that lean against the one before them count as independent.
        double[] clear = [.. Enumerable.Range(0, fewest).Select(index => (index < fewest / 2 ? 100.0 : 200.0) + (index % 2))];
        Assert.Equal(fewest / 2, Assert.Single(ChangePointDetector.Find(clear)).Index);
    }

    [Fact]
    public void Levels_lie_between_changes_and_have_a_middle_and_a_spread()
    {
        TrackedSeries series = Assert.Single(Tracker.Track(StepAt40(), [], Commits));
        Assert.Equal([(0, 20), (20, 40)], series.Levels.Select(level => (level.From, level.To)));
        Assert.InRange(series.Levels[1].Median / series.Levels[0].Median, 1.08, 1.12);
        Assert.All(series.Levels, level => Assert.InRange(level.Spread, 4, 20));
        Assert.Equal((0, 1),
            Assert.Single(Assert.Single(Tracker.Track([Row(0, 5)], [], [])).Levels.Select(level => (level.From, level.To))));
    }

    [Fact]
    public void A_machine_is_the_same_after_a_reboot_and_another_with_another_kernel()
    {
        MachineFacts machine = new() { Cpu = "EPYC", Cores = 2, Kernel = "6.18", Os = "Debian", MemoryBytes = 25_000_000_000 };
        Assert.Equal(12, Fingerprint.Of(machine).Length);
        Assert.Equal(Fingerprint.Of(machine), Fingerprint.Of(machine with { MemoryBytes = machine.MemoryBytes - 4096 }));
        Assert.NotEqual(Fingerprint.Of(machine), Fingerprint.Of(machine with { Kernel = "6.19" }));
    }

    [Fact]
    public void Settings_are_the_same_in_any_order_and_without_what_does_not_matter()
    {
        Dictionary<string, string> settings = new() { ["vcpus"] = "1", ["duration"] = "2s", ["seed"] = "1" };
        Dictionary<string, string> other = new() { ["seed"] = "2", ["duration"] = "2s", ["vcpus"] = "1" };
        Assert.Equal(Fingerprint.Of(settings, ["seed"]), Fingerprint.Of(other, ["seed"]));
        Assert.NotEqual(Fingerprint.Of(settings, []), Fingerprint.Of(other, []));
    }

    [Fact]
    public void A_hundred_thousand_rows_are_loaded_and_judged_in_five_seconds()
    {
        using TemporaryFolder folder = new();
        HistoryFile file = new(Path.Combine(folder.Path, "history.csv"));
        Simulated random = new(202);
        List<HistoryRow> rows = [];
        for (int series = 0; series < 100; series++)
        {
            rows.AddRange(random.Series(1000, 0.3, isLognormal: true,
                step: 500).Select((value, index) => Row(index, value, metric: $"metric{series}")));
        }
        file.Append(rows);

        History? history = null;
        IReadOnlyList<TrackedSeries> tracked = [];
        TimeSpan loading = CoreTime.Of(() => history = file.Read());
        TimeSpan judging = CoreTime.Of(() => tracked = Tracker.Track(history!.Rows, [], Commits));
        output.WriteLine($"loaded in {loading.TotalSeconds:0.00} s, judged in {judging.TotalSeconds:0.00} s");
        Assert.Equal(100_000, history!.Rows.Count);
        Assert.InRange(tracked.Count(one => one.Changes.Count > 0), 95, 100);
        Assert.InRange((loading + judging).TotalSeconds, 0, 5);
    }
}
