using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>The first sentences of a run.</summary>
public sealed class RunAnswerTests
{
    [Fact]
    public void Strategies_are_ranked_for_who_waits_and_the_doubt_is_in_the_sentence()
    {
        Document document = RunReport.Of(Run(runs: 2, ("slow", 150_000, 900), ("fast", 100_000, 900)));
        Assert.Equal("update p50 (the updater waits): fast 100 µs, slow 150 µs (1.50×); reload p50 (a vCPU waits): 900 ns to "
            + "900 ns, "
            + "which is no more than runs differ; 2 runs do not decide.", document.Answer[0].Text);
        Assert.Equal("All 2 strategies ran clean: no invariant was violated.", document.Answer[1].Text);
        Assert.Contains(("to decide it", "lab compare slow fast --memory 64MiB"), document.Next);
    }

    [Fact]
    public void One_strategy_says_what_its_cost_is_made_of()
    {
        Document document = RunReport.Of(Run(runs: 1, ("mainline", 100_000, 900)));
        Assert.Equal("update p50 (the updater waits): 100 µs, of which 75 % zap wait, 25 % srcu; reload p50 (a vCPU waits): "
            + "900 ns.",
            document.Answer[0].Text);
        Assert.Contains(("beside all others", "lab run --strategy all --memory 64MiB"), document.Next);
    }

    [Fact]
    public void What_was_caught_goes_before_any_number()
    {
        RunRecord run = Run(runs: 1, ("mainline", 100_000, 900));
        Document document = RunReport.Of(new RunRecord { Folder = "", Summary = run.Summary, State = RunState.Complete,
            Manifest = run.Manifest with { Measurements = [.. run.Manifest.Measurements.Select(
                one => one with { Verdict = Verdict.Violated, Violations = 3 })] } });
        Assert.Equal(Mood.Bad, document.Mood);
        Assert.Contains(document.Answer.Take(2), one => one.Text.StartsWith("mainline violated an invariant 3 times",
            StringComparison.Ordinal));
        Assert.Contains(("the schedule that breaks it", "lab explore --strategy mainline"), document.Next);
    }

    private static RunRecord Run(int runs, params (string Strategy, double Update, double Reload)[] strategies)
    {
        Measurement sample = new SampleRun().Measurements(runs: 1).First().Measurement;
        SummaryRow Row(string strategy, int run, string metric, double value) => new()
        {
            Strategy = strategy, Workload = sample.Workload, Mmu = sample.Mmu, Run = run, Metric = metric, Unit = "ns",
                Count = 100,
            Min = value, Mean = value, P50 = value, P90 = value, P99 = value, P999 = value, Max = value + run,
        };
        HistogramRow Bucket(string strategy, int run, string metric, double value) => new()
        {
            Strategy = strategy, Workload = sample.Workload, Mmu = sample.Mmu, Run = run, Metric = metric, Unit = "ns",
                Count = 100,
            Low = (long)value, High = (long)value + 1,
        };
        return new RunRecord
        {
            Folder = "", State = RunState.Complete,
            Manifest = SampleRun.Manifest with
            {
                CommandLine = ["lab", "run", "--strategy", "slow,fast", "--memory", "64MiB", "--out", "there"],
                Measurements = [.. strategies.SelectMany(_ => Enumerable.Range(1, runs), (one, run) => sample with
                    { Strategy = one.Strategy, Run = run, Broken = false, Bound = false, Verdict = Verdict.Clean,
                        Steady = true })],
            },
            Histograms = [.. strategies.SelectMany(_ => Enumerable.Range(1, runs), (one, run) => (one, run)).SelectMany(of =>
                (HistogramRow[])[Bucket(of.one.Strategy, of.run, "update", of.one.Update),
                    Bucket(of.one.Strategy, of.run, "reload", of.one.Reload)])],
            Summary = [.. strategies.SelectMany(_ => Enumerable.Range(1, runs), (one, run) => (one, run)).SelectMany(of =>
                (SummaryRow[])[Row(of.one.Strategy, of.run, "update", of.one.Update), Row(of.one.Strategy, of.run, "reload",
                    of.one.Reload),
                    Row(of.one.Strategy, of.run, "update.phase.zap_wait", 0.75 * of.one.Update),
                    Row(of.one.Strategy, of.run, "update.phase.srcu", 0.25 * of.one.Update)])],
        };
    }
}
