using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>What is said and awaited before a run, on readings made up and without a clock.</summary>
public sealed class BusyMachineTests : IDisposable
{
    private static readonly MachineFact Load =
        new("now", "load", "9.30 on 4 cores, last minute", FactState.Bad, "Other work wants the cores.");

    private readonly List<string> _said = [];
    private readonly List<TimeSpan> _pauses = [];
    private readonly CancellationTokenSource _cancellation = new();

    public void Dispose() => _cancellation.Dispose();

    [Fact]
    public void A_quiet_machine_is_not_spoken_of_and_not_waited_for()
    {
        Await("1m", 0);
        Assert.Empty(_said);
        Assert.Empty(_pauses);
    }

    [Fact]
    public void A_busy_one_is_said_in_one_line_and_measured_at_once()
    {
        Await("0s", 1, 1, 1);
        Assert.StartsWith("the machine is busy (load 9.30 on 4 cores, last minute), ", Assert.Single(_said));
        Assert.Contains("--wait-quiet 5m", _said[0]);
        Assert.Empty(_pauses);
    }

    [Fact]
    public void It_is_waited_for_until_it_is_quiet()
    {
        Await("1m", 1, 1, 1, 0);
        Assert.Equal(6, _pauses.Sum(pause => pause.TotalSeconds));
        Assert.Equal(["the machine is busy (load 9.30 on 4 cores, last minute); waiting up to 60s until it is not.",
            "not busy any more after 6 s."], _said);
    }

    [Fact]
    public void It_is_not_waited_for_longer_than_asked()
    {
        Await("5s", 1, 1, 1, 1, 1, 1, 1);
        Assert.Equal([2, 2, 1], _pauses.Select(pause => pause.TotalSeconds));
        Assert.Equal("still busy after 5 s (load 9.30 on 4 cores, last minute); measuring all the same.", _said[^1]);
    }

    [Fact]
    public void An_interruption_ends_the_waiting()
    {
        Run("5m", 2, 1, 1, 1, 1, 1);
        Assert.Equal(2, _pauses.Count);
        Assert.Single(_said);
    }

    [Fact]
    public void What_passes_speaks_against_it_and_what_stays_does_not()
    {
        using FakeMachine quiet = FakeMachine.Quiet();
        Assert.Empty(BusyMachine.Against(quiet.Files));
        using FakeMachine busy = FakeMachine.Quiet().With("/proc/loadavg", "9.30 0.50 0.20 1/2 3\n")
            .With("/proc/pressure/cpu", "some avg10=68.30 avg60=0 avg300=0 total=1\n").With("/proc/sys/kernel/watchdog", "1\n");
        Assert.Equal(["load", "pressure"], BusyMachine.Against(busy.Files).Select(fact => fact.Name));
    }

    private void Await(string most, params int[] readings) => Run(most, int.MaxValue, readings);

    /// <param name="most">As it is typed.</param>
    /// <param name="cancelAfter">Pauses.</param>
    /// <param name="readings">How much speaks against it, reading after reading.</param>
    private void Run(string most, int cancelAfter, params int[] readings)
    {
        int at = 0;
        void Pause(TimeSpan length)
        {
            _pauses.Add(length);
            if (_pauses.Count == cancelAfter) _cancellation.Cancel();
        }
        new BusyMachine(() => [.. Enumerable.Repeat(Load, readings[at++])], Pause, _said.Add).Await(
            QuietSettings.Declared.WaitQuiet.Parse(most), _cancellation.Token);
    }
}
