using Lab.Results;
using Lab.Tests.Measure;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Broken strategies are caught with the events that led to it, and the shapes of the reference come out: beside no
/// other test, which would bend them.</summary>
[Collection(TimingCollection.Name)]
public sealed class VerdictTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Async_put_is_caught_red_handed_when_the_fast_zap_dallies()
    {
        LabExit lab = LabProcess.Run("--strategy", "async-put", "--workload", "root-toggle", "--vcpus", "1", "--pause",
            "fast-zap=300us", "--duration", "10s", "--memory", "8MiB", "--runs", "1", "--out", _runs.Path);

        Assert.Equal(4, lab.Code);
        Assert.Contains("async-put BROKEN on root-toggle on radix: VIOLATED", lab.Words);
        // Whoever comes first tells it: the second put, or who meets what the first one freed too early.
        Assert.Matches(@"I[13]: .*(put twice|use after free|read a freed level)", lab.Words);
        Assert.Matches(@"events/0 +VIOLATION +root#\d+|updater +VIOLATION +root#\d+|vcpu0 +VIOLATION +root#\d+", lab.Words);
        RunRecord run = _runs.OpenOnly();
        Assert.InRange(run.Manifest.Measurements[0].MeasuredS, 0, 9.9); // it ends the window of 10 s
        Violation first = run.Violations[0];
        Assert.Contains(first.Invariant, (string[])["I1", "I3"]);
        Assert.True(first.Events.Count(one => one.Kind == "put" && one.Root == first.Root) >= 2, "a double put shows both");
    }

    [Fact]
    public void Without_the_pause_the_run_says_what_it_can_and_cannot_show()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--strategy", "async-put", "--workload", "root-toggle", "--insert", "head"));

        // Metal may hit the window of a few instructions all the same: then the verdict speaks for itself.
        if (lab.Code == 4) Assert.Contains("VIOLATED", lab.Words);
        else
        {
            Assert.Equal(0, lab.Code);
            Assert.Contains("async-put is known to be broken", lab.Words);
            Assert.Contains("cannot show that it is absent", lab.Words);
        }
        Assert.Contains("async-put BROKEN on root-toggle", lab.Words);
    }

    [Fact]
    public void No_flush_violates_I6_on_memslot_churn()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--strategy", "no-flush", "--vcpus", "2", "--memory", "64MiB", "--duration", "5s"));

        Assert.Equal(4, lab.Code);
        Assert.Contains("no-flush BROKEN on memslot-churn on radix: VIOLATED", lab.Words);
        Assert.Contains("I6: ", lab.Words);
        Assert.NotEmpty(_runs.OpenOnly().Violations.First(one => one.Invariant == "I6").Events);
    }

    /// <summary>Shape H5: with one vCPU the toggled-away root has no owner, unless the MMU itself keeps a reference.</summary>
    [Fact]
    public void Root_toggle_rebuilds_every_time_with_workqueue_and_never_with_refcount2()
    {
        LabExit lab =
            LabProcess.Run(_runs.Tiny("--strategy", "workqueue,refcount2", "--workload", "root-toggle", "--duration", "400ms"));

        Assert.Equal(0, lab.Code);
        RunRecord run = _runs.OpenOnly();
        // fast zaps make some obsolete first, which is nobody's rebuild
        Assert.InRange(RebuiltPerLoad(run, "workqueue"), 0.9, 1.0);
        Assert.Equal(0, RebuiltPerLoad(run, "refcount2"));
    }

    /// <summary>Shape H1, loosely: the slopes themselves are measured where nothing else runs.</summary>
    [Fact]
    public void The_last_putters_stall_grows_with_the_mapped_pages_for_baseline_and_not_for_mainline()
    {
        LabExit lab = LabProcess.Run(
            _runs.Tiny("--strategy", "baseline,mainline", "--workload", "last-put", "--memory", "32MiB", "--duration", "1s"));

        Assert.Equal(0, lab.Code);
        RunRecord run = _runs.OpenOnly();
        Assert.Contains("put of baseline grows by", lab.Words);
        Assert.True(PutGrowth(run, "baseline") > 20 * Math.Abs(PutGrowth(run, "mainline")),
            $"baseline {PutGrowth(run, "baseline")}, mainline {PutGrowth(run, "mainline")} ns per page");
    }

    private static double RebuiltPerLoad(RunRecord run, string strategy)
    {
        double Sum(string counter) =>
            run.Counters.Where(row => row.Strategy == strategy && row.Counter == counter).Sum(row => row.Value);
        Assert.True(Sum("root_loads") > 100, $"{Sum("root_loads")} loads");
        return Sum("roots_rebuilt") / Sum("root_loads");
    }

    /// <summary>Nanoseconds per page between the smallest and the largest size, by the medians.</summary>
    private static double PutGrowth(RunRecord run, string strategy)
    {
        (double Pages, double Median)[] sizes =
        [
            .. run.Summary.Where(row => row.Strategy == strategy && row.Metric.StartsWith("put.pages_", StringComparison.Ordinal))
                .Select(row =>
                    (double.Parse(row.Metric["put.pages_".Length..], System.Globalization.CultureInfo.InvariantCulture), row.P50))
                .OrderBy(size => size.Item1),
        ];
        return (sizes[^1].Median - sizes[0].Median) / (sizes[^1].Pages - sizes[0].Pages);
    }
}
