using Lab.Explorer;
using Lab.Explorer.Schedules;
using Lab.Explorer.Strategies;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>A schedule string is the failure: it brings it back, here and in another process, and nothing else passes for
/// it.</summary>
public sealed class ReplayTests
{
    private const string Subject = "requeue";
    private const string Scenario = "fast-zap-put";

    private static readonly Lazy<Failure> Found = new(() => Strategy.Explore(Subject, Scenario, Strategy.Bounded).Failure!);

    [Theory]
    [InlineData("async-put", "fast-zap-toggle", StrategySearch.Random)]
    [InlineData("xchg-put", "fast-zap-toggle", StrategySearch.Pct)]
    [InlineData("no-flush", "fast-zap-reload", StrategySearch.Pos)]
    [InlineData("requeue", "fast-zap-put", StrategySearch.Urw)]
    [InlineData("off-list", "fast-zap-unmap", StrategySearch.Random)]
    public void The_same_seed_finds_the_same_failure_after_as_many_executions_and_it_replays(
        string strategy, string scenario, StrategySearch search)
    {
        StrategySettings settings = new() { Search = search, Seed = 7, ExecutionsMax = 20_000 };
        ExploreResult one = Strategy.Explore(strategy, scenario, settings), two = Strategy.Explore(strategy, scenario, settings);
        Assert.Equal(Verdict.Violated, one.Verdict);
        // Executions that look for a shorter schedule count as well: both ran the same ones all the way.
        Assert.Equal((one.Executions, one.Bound, one.Steps, one.Failure!.Replay),
            (two.Executions, two.Bound, two.Steps, two.Failure!.Replay));
        Failure replayed =
            Strategy.AssertViolated(Strategy.Replay(strategy, scenario, one.Failure.Replay), one.Failure.Finding.Invariant);
        Assert.Equal((one.Failure.Finding, one.Failure.Steps.Count, one.Failure.Preemptions),
            (replayed.Finding, replayed.Steps.Count, replayed.Preemptions));
    }

    [Theory]
    [InlineData(StrategySearch.Random)]
    [InlineData(StrategySearch.Pct)]
    [InlineData(StrategySearch.Pos)]
    [InlineData(StrategySearch.Urw)]
    public void Another_seed_is_another_run_and_a_sound_strategy_passes_them_all(StrategySearch search)
    {
        StrategySettings settings = new() { Search = search, Seed = 7, ExecutionsMax = 300 };
        ExploreResult one = Strategy.Explore("mainline", "fast-zap-toggle", settings);
        ExploreResult same = Strategy.Explore("mainline", "fast-zap-toggle", settings);
        ExploreResult other = Strategy.Explore("mainline", "fast-zap-toggle", settings with { Seed = 8 });
        Assert.Equal((Verdict.NothingFound, false, 300), (one.Verdict, one.IsComplete, one.Executions));
        Assert.Equal((one.Steps, one.Bound), (same.Steps, same.Bound));
        Assert.NotEqual(one.Steps, other.Steps);
        Assert.Equal(search == StrategySearch.Pct, one.FindsWithProbability is > 0 and < 1);
    }

    [Fact]
    public void It_replays_in_another_process_with_the_exit_code_of_a_violation()
    {
        LabExit lab = LabProcess.Run("explore", "--replay", Found.Value.Replay);
        Assert.Equal(4, lab.Code);
        Assert.Contains($"{Subject} on {Scenario} (vcpus=1): VIOLATED {Found.Value.Finding.Invariant}", lab.Out,
            StringComparison.Ordinal);
        Assert.Contains($"{Found.Value.Steps.Count} steps", lab.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_belongs_to_something_else_is_refused_with_a_sentence()
    {
        string replay = Found.Value.Replay;
        Refused("recorded for 'requeue', this is 'workqueue'", () => Strategy.Replay("workqueue", Scenario, replay));
        Refused("this is 'fast-zap-toggle,vcpus=1'", () => Strategy.Replay(Subject, "fast-zap-toggle", replay));
        Refused("written by version 9", () => Strategy.Replay(Subject, Scenario, "x9" + replay[2..]));
        Refused("Copy it", () => Strategy.Replay(Subject, Scenario, replay[..^1]));
        Refused("This is not a schedule string", () => Strategy.Replay(Subject, Scenario, ""));
        Refused("this is 'fast-zap-put,vcpus=2'", () => StrategyExplorer.Replay(
            Subject, Strategy.Named(Subject), Strategy.ScenarioOf(Scenario, ("vcpus", 2)), replay,
            TestContext.Current.CancellationToken));
    }

    /// <summary>Any one character changed: the checksum notices.</summary>
    [Fact]
    public void A_damaged_string_is_refused_wherever_the_damage_is()
    {
        string replay = Found.Value.Replay;
        for (int at = 0; at < replay.Length; at++)
        {
            string damaged = string.Concat(replay.AsSpan(0, at), replay[at] == 'b' ? "c" : "b", replay.AsSpan(at + 1));
            Assert.Throws<ArgumentException>(() => Strategy.Replay(Subject, Scenario, damaged));
        }
    }

    [Theory]
    [InlineData("fast-zap-put,vcpus=1", "has changed since the schedule was recorded")]
    [InlineData("fast-zap-put,vcpus=2", "has changed since the schedule was recorded")]
    [InlineData("fast-zap-puts,vcpus=1", "Did you mean 'fast-zap-put'?")]
    public void The_program_says_so_too(string scenario, string complaint)
    {
        string replay = ScheduleText.Encode(ScheduleKey.Of(Subject, scenario, MemoryModel.Sc, "another text"), [0, 1, 0]);
        LabExit lab = LabHere.Run("explore", "--replay", replay);
        Assert.Equal(2, lab.Code);
        Assert.Contains(complaint, Assert.Single(lab.ErrorLines), StringComparison.Ordinal);
    }

    /// <summary>A schedule that fits but does not fail: nothing is claimed beyond it.</summary>
    [Fact]
    public void A_schedule_without_a_failure_is_one_schedule_and_no_more()
    {
        string replay = ScheduleText.Encode(KeyOf(Subject, Scenario), []);
        ExploreResult result = Strategy.Replay(Subject, Scenario, replay);
        Assert.Equal((Verdict.NothingFound, false, "one recorded schedule"), (result.Verdict, result.IsComplete, result.Bound));
    }

    [Fact]
    public void A_schedule_that_cannot_be_followed_is_refused_with_the_step() =>
        Refused("cannot be followed beyond its step 1",
            () => Strategy.Replay(Subject, Scenario, ScheduleText.Encode(KeyOf(Subject, Scenario), [9])));

    private static ScheduleKey KeyOf(string strategy, string scenario) =>
        StrategyRun.KeyOf(strategy, Strategy.ScenarioOf(scenario), new StrategySettings());

    private static void Refused(string complaint, Func<object> replay) =>
        Assert.Contains(complaint, Assert.Throws<ArgumentException>(replay).Message, StringComparison.Ordinal);
}
