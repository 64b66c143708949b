using System.Runtime.InteropServices;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A strategy whose code throws, or is never made: a verdict with its name, and the others are measured.</summary>
public sealed class FailingStrategyTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("throws-when-made", "System.NotSupportedException in set-up", "no constructor yet")]
    [InlineData("throws-in-zap", "System.InvalidOperationException in updater", "nothing to zap")]
    [InlineData("throws-in-worker", "System.InvalidOperationException in thrower", "the worker does not work")]
    public void What_it_throws_is_a_violation_with_its_place_and_the_others_are_measured(
        string strategy, string what, string text)
    {
        LabExit lab = LabProcess.Run(
            _runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", $"{strategy},workqueue", "--duration", "1s"));

        Assert.True(lab.Code == 4, lab.Out + lab.Error);
        Assert.DoesNotContain("internal error", lab.Error, StringComparison.Ordinal);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Complete, 2), (run.State, run.Manifest.Measurements.Count));
        Assert.Equal(Verdict.Clean, run.Manifest.Measurements.Single(one => one.Strategy == "workqueue").Verdict);
        Assert.Equal(Verdict.Violated, run.Manifest.Measurements.Single(one => one.Strategy == strategy).Verdict);
        Violation found = run.Violations[0];
        Assert.Equal((strategy, "exception"), (found.Strategy, found.Invariant));
        Assert.Matches($@"^{strategy} threw {what} \(Failing\.cs, line \d+\): {text}$", found.What);
        Assert.Contains("threw System", lab.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_strategy_that_is_never_made_hangs_in_the_set_up()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "never-made", "--watchdog", "1s"));

        Assert.True(lab.Code == 4, lab.Error);
        Assert.Contains("HUNG never-made on memslot-churn, in the set-up", lab.Error, StringComparison.Ordinal);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, Verdict.Hung), (run.State, Assert.Single(run.Manifest.Measurements).Verdict));
    }

    [Fact]
    public void A_set_up_that_never_ends_can_be_interrupted()
    {
        using LabProcess lab = LabProcess.Start(
            _runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "never-made", "--watchdog", "300s"));
        lab.AwaitError("[1/1]");
        lab.Signal(PosixSignal.SIGTERM);

        Assert.Equal(130, lab.End().Code);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, "interrupted"), (run.State, run.PartialReason));
    }
}
