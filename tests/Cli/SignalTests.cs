using System.Runtime.InteropServices;
using Lab.Cli;
using Lab.Cli.Run;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>More than one signal: Ctrl-C by somebody who is impatient, SIGINT and then SIGTERM by a runner of jobs, a terminal
/// that is closed.</summary>
public sealed class SignalTests : IDisposable
{
    private const string Saving = "once more leaves at once";

    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData(PosixSignal.SIGINT, PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGINT, PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGHUP, PosixSignal.SIGHUP)]
    public void A_second_signal_says_what_is_being_saved_and_it_is_saved(PosixSignal first, PosixSignal second)
    {
        // A long window: what is saved has to end first, and the second signal finds it at that.
        using LabProcess lab = LabProcess.Start(_runs.Tiny("--runs", "2", "--duration", "60s", "--workload", "fault-storm"));
        lab.AwaitError("[1/2]");
        lab.Signal(first);
        lab.Signal(second);
        LabExit exit = lab.End();

        Assert.True(exit.Code == 130, exit.Error);
        Assert.DoesNotContain("nhandled", exit.Error);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, "interrupted"), (run.State, run.PartialReason));
        Assert.Single(run.Manifest.Measurements);
        string said = Assert.Single(exit.ErrorLines, line => line.Contains(Saving, StringComparison.Ordinal));
        Assert.Equal($"lab: what was measured is being saved in '{run.Folder}'; {Saving}.", said);
    }

    /// <summary>The strategy's update never returns: what waits for it would be given up after three seconds, with exit
    /// code 4.</summary>
    [Fact]
    public void A_third_signal_leaves_at_once()
    {
        using LabProcess lab = LabProcess.Start(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "never-flushes",
            "--watchdog", "300s"));
        lab.AwaitError("[1/1]");
        lab.Signal(PosixSignal.SIGTERM);
        lab.Signal(PosixSignal.SIGINT);
        lab.AwaitError(Saving);
        lab.Signal(PosixSignal.SIGINT);

        Assert.Equal(130, lab.End().Code);
        Assert.Equal(RunState.Partial, Assert.Single(_runs.List()).State);
    }

    [Fact]
    public void Who_interrupts_before_anything_was_measured_is_told_so()
    {
        List<string> said = [];
        List<int> codes = [];
        using Interruption signals = new() { Say = said.Add, Leave = codes.Add };
        signals.HasNothing(RunCommand.NothingYet);
        signals.Hear();
        Assert.Equal("lab: interrupted: nothing had been measured yet, and nothing is left behind.", Assert.Single(said));
        Assert.Equal(130, Assert.Single(codes));
        Assert.False(signals.Token.IsCancellationRequested);
    }

    [Fact]
    public void Nohup_is_respected()
    {
        using LabProcess lab = LabProcess.StartIn("trap '' HUP; exec \"$@\"", _runs.Tiny("--duration", "1s"));
        lab.AwaitError("[1/1]");
        lab.Signal(PosixSignal.SIGHUP);

        Assert.Equal((0, RunState.Complete), (lab.End().Code, _runs.OpenOnly().State));
    }

    [Fact]
    public void An_exploration_sums_up_what_it_did()
    {
        using LabProcess lab = LabProcess.Start("explore", "--strategy", "mainline", "--scenario", "two-fast-zaps-dirty-log",
            "--search", "random", "--executions", "2000000000", "--budget", "none");
        lab.AwaitError("executions");
        lab.Signal(PosixSignal.SIGINT);
        lab.Signal(PosixSignal.SIGTERM);
        LabExit exit = lab.End();

        Assert.True(exit.Code == 130, exit.Error);
        Assert.Contains("a sample of all", exit.Out);
    }
}
