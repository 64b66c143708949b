using Lab.Results;
using Lab.Results.Statistics;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>From a run folder to questions and to history rows; each measurement of the sample has 4,000 samples of an update.</summary>
public sealed class RunQuestionsTests(WrittenSample sample) : IClassFixture<WrittenSample>
{
    private RunQuestions Between(string baseline, string candidate) =>
        RunQuestions.Between(new Arm(sample.Run, baseline), new Arm(sample.Run, candidate), sample.Run.Scenes[0]);

    [Fact]
    public void Quantiles_with_enough_samples_are_asked_paired_by_repetition()
    {
        Question p50 = Between("baseline", "workqueue").Questions.Single(question => question.Name == "update p50");
        Assert.True(p50.Estimate.IsPaired);
        Assert.Equal(2, p50.Estimate.Count);
        Assert.InRange(p50.Estimate.Ratio, 34.0 / 420 * 0.9, 34.0 / 420 * 1.1);
    }

    [Fact]
    public void A_quantile_with_too_few_samples_is_left_out_with_the_reason()
    {
        RunQuestions asked = Between("baseline", "workqueue");
        Assert.DoesNotContain(asked.Questions, question => question.Name == "update p99");
        Assert.Contains("update p99: run 1 of baseline has 4,000 samples, 10,000 are needed", asked.Unasked);
        Assert.All(Between("baseline", "no-such-strategy").Unasked, why => Assert.EndsWith("no-such-strategy has no samples to compare", why, StringComparison.Ordinal));
        Assert.Empty(Between("baseline", "no-such-strategy").Questions);
    }

    [Fact]
    public void Repetitions_of_two_runs_are_no_blocks()
    {
        using TemporaryFolder other = new();
        RunRecord later = new RunStore(other.Path).Open(SampleRun.WriteTo(other.Path, runs: 2).Path);
        RunQuestions asked = RunQuestions.Between(new Arm(sample.Run, "workqueue"), new Arm(later, "workqueue"), sample.Run.Scenes[0]);
        Question p50 = asked.Questions.Single(question => question.Name == "update p50");
        Assert.False(p50.Estimate.IsPaired);
        Assert.Equal(1, p50.Estimate.Ratio, 9);
    }

    [Fact]
    public void A_run_is_remembered_without_what_was_broken_and_without_tails_of_few_samples()
    {
        IReadOnlyList<HistoryRow> rows = HistoryRows.Of(sample.Run, "8c71edc", ["runs"]);
        Assert.Contains(rows, row => row is { Strategy: "workqueue", Metric: "update", Quantile: 0.5, Unit: "ns" });
        Assert.DoesNotContain(rows, row => row is { Metric: "update", Quantile: > 0.95 } || row.Strategy == "async-put");
        Assert.All(rows, row => Assert.Equal((Fingerprint.Of(sample.Run.Manifest.Machine), sample.Run.Manifest.Id), (row.Machine, row.RunId)));

        using TemporaryFolder folder = new();
        HistoryFile file = new(Path.Combine(folder.Path, "history.csv"));
        file.Append(rows);
        Assert.Equal(rows, file.Read().Rows);
        // Two repetitions of one run are one point.
        Assert.All(Tracker.Track(rows, [], []), series => Assert.Single(series.Points));
    }
}
