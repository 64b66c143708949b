using System.Diagnostics;
using System.Text.Json;
using Lab.Application.Catalogue;
using Lab.Strategies;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>The program rejects what is known to be wrong, replays why, and says of what is sound how far it looked.</summary>
public sealed class ExploreContractTests
{
    private const int Fine = 0;
    private const int Violated = 4;
    private const int NotDecided = 6;

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

    /// <summary>What is printed can be pasted: it names the file again, quoted where a shell would split it.</summary>
    [Theory]
    [InlineData("mine.scenario")]
    [InlineData("it's mine.scenario")]
    public void The_replay_of_a_scenario_of_the_users_own_names_its_file(string name)
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, name);
        File.WriteAllText(file, LabCatalogue.ScenariosOf(Family.Roots).First(one => one.Name == "fast-zap-put").Text);
        LabExit found = LabHere.Run("explore", "--strategy", "requeue", "--scenario", file);
        Assert.Equal(Violated, found.Code);
        string line = found.Out.Split('\n').First(one => one.Contains("replay: ", StringComparison.Ordinal));
        string[] words = WordsOf(line.Split("replay: ")[1]);
        Assert.Equal(["lab", "explore", "--scenario", file, "--replay"], words[..^1]);
        LabExit replayed = LabHere.Run(words[1..]);
        Assert.True(replayed.Code == Violated, replayed.Error);
    }

    /// <summary>As a shell reads it.</summary>
    private static string[] WordsOf(string command)
    {
        using Process shell = Process.Start(
            new ProcessStartInfo("sh", ["-c", $"printf '%s\\n' {command}"]) { RedirectStandardOutput = true })!;
        string words = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return words.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void A_sound_strategy_is_explored_completely_and_says_so()
    {
        JsonElement one =
            Assert.Single(Explore(Fine, "--strategy", "mainline", "--scenario", "fast-zap-dirty-log", "--budget", "none"));
        Assert.Equal(("fast-zap-dirty-log", "nothing_found", true),
            (Text(one, "scenario"), Text(one, "verdict"), one.GetProperty("complete").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, one.GetProperty("replay").ValueKind);
    }

    /// <summary>Within a budget that some scenarios are finished in and some are not, all have had a turn, and the exit code says
    /// that it is no proof.</summary>
    [Fact]
    public void Without_a_scenario_every_one_has_its_turns_and_what_is_not_finished_is_no_proof()
    {
        JsonElement[] all = Explore(NotDecided, "--strategy", "defunct-flag", "--set", "readers=3", "--budget", "12s");
        Assert.Superset(LabCatalogue.ScenariosOf(Family.Roots).Select(one => one.Name).ToHashSet(),
            all.Select(one => Text(one, "scenario")!).ToHashSet());
        Assert.All(all, one => Assert.Equal("nothing_found", Text(one, "verdict")));
        Assert.Contains(all, one => one.GetProperty("complete").GetBoolean());
        Assert.Contains(all, one => !one.GetProperty("complete").GetBoolean());
        Assert.Contains(all, one => Text(one, "model") == "tso");
        LabExit text = LabHere.Run("explore", "--strategy", "defunct-flag", "--budget", "3s");
        Assert.Equal(NotDecided, text.Code);
        Assert.StartsWith("defunct-flag: nothing found so far, INCOMPLETE:", text.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("all schedules of", text.Out, StringComparison.Ordinal);
        Assert.All(text.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    /// <summary>The scenario that it fails on in a second stands behind one that no budget is enough for.</summary>
    [Fact]
    public void A_quick_finder_does_not_wait_for_an_exhausted_budget()
    {
        JsonElement[] all = Explore(Violated, "--strategy", "async-put", "--scenario", "two-fast-zaps-dirty-log,fast-zap-toggle",
            "--set", "readers=4,vcpus=1", "--search", "exhaustive", "--budget", "20s");
        JsonElement found = Assert.Single(all, one => Text(one, "scenario") == "fast-zap-toggle");
        Assert.Equal("violated", Text(found, "verdict"));
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
        JsonElement one = Assert.Single(Explore(NotDecided, "--strategy", "workqueue", "--scenario", "two-fast-zaps-dirty-log",
            "--set", "vcpus=2", "--budget", "300ms"));
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
