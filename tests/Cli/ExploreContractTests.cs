using System.Text.Json;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>The program rejects what is known to be wrong, replays why, and says of what is sound how far it looked.</summary>
public sealed class ExploreContractTests
{
    private const int Fine = 0;
    private const int Violated = 4;

    [Theory]
    [InlineData("async-put", "I1", 2)]
    [InlineData("xchg-put", "I1", 3)]
    [InlineData("xchg-draft", "I1", 3)]
    [InlineData("off-list", "I4", 2)]
    [InlineData("no-flush", "I6", 2)]
    [InlineData("requeue", "I10", 2)]
    [InlineData("refcount2-first", "I3", 2)]
    [InlineData("slot-zap-no-flush", "I21", 2)]
    public void A_broken_strategy_is_rejected_and_its_schedule_can_be_replayed(
        string strategy, string invariant, int preemptionsMax)
    {
        JsonElement found = Explore(Violated, "--strategy", strategy)[^1];
        Assert.Equal((strategy, "violated", invariant),
            (Text(found, "strategy"), Text(found, "verdict"), Text(found, "invariant")));
        Assert.True(found.GetProperty("fewest_preemptions").GetBoolean());
        Assert.InRange(found.GetProperty("preemptions").GetInt32(), 0, preemptionsMax);

        JsonElement replayed = Assert.Single(Explore(Violated, "--replay", Text(found, "replay")!));
        Assert.Equal((Text(found, "scenario"), "replay", invariant, Text(found, "what"),
            found.GetProperty("schedule").GetArrayLength()), (Text(replayed, "scenario"), Text(replayed, "search"),
            Text(replayed, "invariant"), Text(replayed, "what"), replayed.GetProperty("schedule").GetArrayLength()));
    }

    [Fact]
    public void A_sound_strategy_is_explored_completely_and_says_so()
    {
        JsonElement one = Assert.Single(Explore(Fine, "--strategy", "mainline"));
        Assert.Equal(("fast-zap-dirty-log", "nothing_found", true),
            (Text(one, "scenario"), Text(one, "verdict"), one.GetProperty("complete").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, one.GetProperty("replay").ValueKind);
    }

    [Fact]
    public void A_schedule_recorded_on_another_version_of_the_scenario_is_refused()
    {
        string replay = Lab.Explorer.Schedules.ScheduleText.Encode(Lab.Explorer.Schedules.ScheduleKey.Of("async-put",
            "fast-zap-toggle,vcpus=1", Lab.Explorer.MemoryModel.Sc, "an older text"), [0, 1, 0]);
        BadInputTests.AssertRefusal(LabHere.Run("explore", "--replay", replay), "has changed since the schedule was recorded",
            "search again");
    }

    [Fact]
    public void An_exploration_that_ran_out_of_time_is_not_called_complete()
    {
        JsonElement one = Assert.Single(Explore(Fine, "--strategy", "workqueue", "--scenario", "two-fast-zaps-dirty-log", "--set",
            "vcpus=2", "--budget", "300ms"));
        Assert.False(one.GetProperty("complete").GetBoolean());
        Assert.Contains("budget", Text(one, "bound"));
    }

    private static JsonElement[] Explore(int code, params string[] arguments)
    {
        LabExit lab = LabHere.Run(["explore", .. arguments, "--format", "json"]);
        Assert.True(lab.Code == code, $"exit {lab.Code}\n{lab.Out}\n{lab.Error}");
        return [.. JsonDocument.Parse(lab.Out).RootElement.EnumerateArray()];
    }

    private static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();
}
