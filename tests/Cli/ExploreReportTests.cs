using System.Text.Json;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Cli.Explore;
using Lab.Explorer.Programs;
using Lab.Explorer.Strategies;
using Lab.Explorer;
using Lab.Report.Documents;
using Lab.Report.Explorations;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What <c>lab explore</c> prints, of results made by hand.</summary>
public sealed class ExploreReportTests
{
    private const string Replay = "x1:async-put:fast-zap-toggle,vcpus=1:sc:1f2e3d4c:a12b3a40c2";

    private static readonly RootView[] OneRoot = [new("A", 1, false, "vcpu0")];
    private static readonly RootView[] Gifted = [new("A", 2, true, "vcpu0, zapper")];
    private static readonly RootView[] TwoRoots = [new("B", 1, false, "vcpu0"), new("A", 1, true, "zapper")];

    private static readonly Failure DoublePut = new(
        new Finding("I1", "The reference count never goes below zero.", "put of B by the worker found a count of 0"),
        ["zapper", "vcpu0", "worker"],
        [
            new Step(1, "get A 0→1", "RootStrategy.cs:121", OneRoot, true),
            new Step(1, "load x = 0", "Vcpu.cs:77", [], false),
            new Step(0, "lock mmu_lock exclusive and wait until nobody reads", "Vm.cs:94", [], true),
            new Step(0, "get A 1→2", "RootStrategy.cs:121", Gifted, true),
            new Step(1, "put A 2→1", "DefunctFlag.cs:44", TwoRoots, true),
            new Step(2, "put B 1→0 | free", null, [new("B", 0, true, "")], false),
            new Step(0, "put B 0→−1", "AsyncPut.cs:31", [], false),
        ],
        Preemptions: 2, Replay, HasFewestPreemptions: true, HasFewestSteps: false);

    private static readonly Failure TwoThreads =
        DoublePut with { Agents = ["zapper", "vcpu0"], Steps = [.. DoublePut.Steps.Where(step => step.Agent < 2)] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_violation_of_two_threads_fits_eighty_columns_but_for_the_replay_command(bool allSteps)
    {
        string[] lines = Print([Violated(TwoThreads)], allSteps);

        Assert.Equal("async-put on fast-zap-toggle (vcpus=1): VIOLATED I1 — The reference count", lines[0]);
        Assert.All(lines.Where(line => !line.Contains("--replay", StringComparison.Ordinal)),
            line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains($"  replay: lab explore --replay '{Replay}'", lines);
        Assert.DoesNotContain(lines, line => line.Contains('\e', StringComparison.Ordinal));
        Assert.Equal(allSteps, lines.Any(line => line.Contains("load x = 0", StringComparison.Ordinal)));
        // the wrong step, although it is not notable
        Assert.Contains(lines, line => line.Contains("put B 0→−1", StringComparison.Ordinal));
        string header = Assert.Single(lines, line => line.StartsWith('#'));
        Assert.Equal(["#", "zapper", "vcpu0", "at", "roots"], header.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        string get = Assert.Single(lines, line => line.Contains("get A 1→2", StringComparison.Ordinal));
        Assert.Equal(header.IndexOf("zapper", StringComparison.Ordinal), get.IndexOf("get A", StringComparison.Ordinal));
        Assert.Contains("RootStrategy:121", get);
        string text = Joined(lines);
        Assert.Contains("A 1→2 inv {vcpu0, zapper}", Joined([get, lines[Array.IndexOf(lines, get) + 1]]));
        Assert.Contains("2 preemptions (the fewest: no schedule with fewer fails), 6 steps (not proved to be the fewest)", text);
        Assert.Contains(
            "explored: 1,290 schedules, 1,234 to the end and the others until they joined what had been seen, 789 states, "
                + "100,000 steps in 0.50 s, 2,580 executions/s", text);
        Assert.Contains("bound: at most 2 preemptions, stopped at the violation; bounded search, sc, 1 worker", text);
        Assert.Contains(lines, line => line.StartsWith("Not covered by the model: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Switches_between_threads_stand_out_and_roots_are_said_where_they_change()
    {
        string[] table = [.. ScheduleTable.Text(DoublePut, allSteps: false)];
        Assert.Equal(4, table.Count(line => line.Length == 0));
        IReadOnlyList<ScheduleTable.Row> rows = ScheduleTable.Rows(DoublePut, allSteps: false);
        Assert.Equal([1, 3, 4, 5, 6, 7], rows.Select(row => row.Number));
        Assert.Equal(["A 1 {vcpu0}", "", "A 1→2 inv {vcpu0, zapper}", "B 1 {vcpu0}; A 2→1 inv {zapper}", "B 1→0 inv {}", ""],
            rows.Select(row => row.Roots));
        using StringWriter output = new();
        new MarkdownWriter(output).Write(new Document("") { Parts = [ExploreReport.Steps(DoublePut, allSteps: true)] });
        string[] markdown = output.ToString().Split('\n');
        Assert.Equal(["#", "zapper", "vcpu0", "worker", "at", "roots"], markdown[0].Trim('|').Split('|').Select(name =>
            name.Trim()));
        Assert.Contains(@"put B 1→0 \| free", markdown[7]);
        Assert.Contains("AsyncPut:31", markdown[8]);
    }

    [Fact]
    public void Threads_that_do_nothing_have_no_column_and_long_steps_go_across()
    {
        const string wrong = "✗ I1: put of B by the worker found a count of 0, after which nobody may hold it, and the fast zap "
            + "that follows takes one more";
        string[] table = [.. ScheduleTable.Text(TwoThreads with { Agents = ["zapper", "vcpu0", "worker", "destroyer"],
            Steps = [.. TwoThreads.Steps, new Step(0, wrong, null, [], true)] }, allSteps: false)];
        Assert.DoesNotContain("worker", table[0]);
        Assert.Contains(table,
            line => line.StartsWith("7  zapper: ✗ I1: put of B by the worker found", StringComparison.Ordinal));
        Assert.All(table, line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Names_stay_whole_however_many_threads_there_are()
    {
        Failure four = TwoThreads with { Agents = ["zapper", "vcpu0", "worker", "destroyer"],
            Steps = [.. Enumerable.Range(0, 4)
                .Select(agent => new Step(agent, "lock slots_arch_lock_of_a_vm", null, [], true))] };
        Assert.Equal(4, ScheduleTable.Text(four, allSteps: false)
            .Count(line => line.Contains("slots_arch_lock_of_a_vm", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_replay_says_what_came_of_it()
    {
        Exploration replayed =
            Explored("async-put", Quiet() with { IsComplete = false, Bound = "one recorded schedule" }) with { IsReplay = true };
        Assert.Equal("async-put on fast-zap-toggle (vcpus=1): nothing wrong on this schedule",
            Print([replayed])[0]);
    }

    [Fact]
    public void What_was_not_explored_to_the_end_never_reads_as_no_bug()
    {
        ExploreResult partial = Quiet() with { IsComplete = false, Bound = "at most 1 preemption of 3; time was up" };
        string text = Joined(Print([Explored("workqueue", partial)]));
        Assert.Contains("nothing found so far, INCOMPLETE (bound: at most 1 preemption of 3; time was up)", text);
        Assert.Contains("not reached", text);
        Assert.Contains("nothing found (bound: all schedules)",
            Joined(Print([Explored("workqueue", Quiet())])));
    }

    [Fact]
    public void Claims_of_several_sound_strategies_are_a_table()
    {
        ExploreResult couples =
            Quiet() with { Claims = [new Finding("I33", "A fast zap waits for its own roots only.", "it waited for B")] };
        ExploreResult partial = Quiet() with { IsComplete = false };
        string[] lines = Print([Explored("workqueue", couples), Explored("mainline", Quiet()), Explored("baseline", partial)]);
        Assert.Contains("  claim I33 does not hold: it waited for B", lines);
        Assert.Contains(lines, line => Words(line) is ["strategy", "I7", "I15", "I33", "I34"]);
        Assert.Contains(lines, line => Words(line) is ["workqueue", "holds", "holds", "broken", "holds"]);
        Assert.Contains(lines, line => Words(line) is ["mainline", "holds", "holds", "holds", "holds"]);
        Assert.Contains(lines, line => Words(line) is ["baseline", "not", "seen", ..]);
    }

    [Fact]
    public void Pct_states_its_probability()
    {
        ExploreResult pct = Quiet() with { Bound = "10,000 random schedules", FindsWithProbability = 0.98765 };
        Assert.Contains("a bug of depth 3 would have been found with a probability of at least 0.9877",
            Joined(Print([Explored("workqueue", pct)])));
    }

    [Fact]
    public void What_a_bound_means_is_said_beside_it()
    {
        ExploreResult quiet = Quiet() with
        {
            Shape = "2 levels of 4 entries", Reductions = ["shared-words", "sleep-sets", "recalled-steps"], Runs = 1234,
        };
        Assert.Contains("on 2 levels of 4 entries; choices at what threads share, independent steps in one order, "
            + "known steps recalled (1,234 executions were run)", Joined(Print([Explored("workqueue", quiet)])));
        JsonElement one = Assert.Single(Json([Explored("workqueue", quiet)]).EnumerateArray());
        Assert.Equal(("2 levels of 4 entries", 3, 1234), (one.GetProperty("shape").GetString(),
            one.GetProperty("reductions").GetArrayLength(), one.GetProperty("runs").GetInt32()));
    }

    [Fact]
    public void Json_of_strategies_is_an_array_of_everything()
    {
        JsonElement one = Assert.Single(Json([Violated(DoublePut)]).EnumerateArray());
        Assert.Equal(("async-put", "fast-zap-toggle", "bounded", "sc", "violated", "I1", Replay, 2, true, false),
            (one.GetProperty("strategy").GetString(), one.GetProperty("scenario").GetString(), one.GetProperty("search")
                .GetString(), one.GetProperty("model").GetString(), one.GetProperty("verdict").GetString(),
                one.GetProperty("invariant").GetString(), one.GetProperty("replay").GetString(), one.GetProperty("preemptions")
                .GetInt32(), one.GetProperty("fewest_preemptions").GetBoolean(), one.GetProperty("fewest_steps").GetBoolean()));
        Assert.Equal(1, one.GetProperty("parameters").GetProperty("vcpus").GetInt32());
        Assert.Equal((1234, 56, 789, 100_000), (one.GetProperty("executions").GetInt32(), one.GetProperty("cut").GetInt32(),
            one.GetProperty("states").GetInt32(), one.GetProperty("steps").GetInt32()));
        Assert.Equal(2580, one.GetProperty("executions_per_second").GetDouble());
        JsonElement[] schedule = [.. one.GetProperty("schedule").EnumerateArray()];
        Assert.Equal(7, schedule.Length);
        Assert.Equal(("zapper", "get A 1→2", "RootStrategy.cs:121"), (schedule[3].GetProperty("thread").GetString(),
            schedule[3].GetProperty("what").GetString(), schedule[3].GetProperty("at").GetString()));
        Assert.Equal(("A", 2, true),
            (schedule[3].GetProperty("roots")[0].GetProperty("name").GetString(), schedule[3].GetProperty("roots")[0]
                .GetProperty("count").GetInt32(), schedule[3].GetProperty("roots")[0].GetProperty("invalid").GetBoolean()));

        JsonElement[] two = [.. Json([Explored("workqueue", Quiet()), Explored("mainline", Quiet())]).EnumerateArray()];
        Assert.Equal(2, two.Length);
        Assert.Equal(("nothing_found", true, "all schedules", JsonValueKind.Null),
            (two[0].GetProperty("verdict").GetString(), two[0].GetProperty("complete").GetBoolean(),
                two[0].GetProperty("bound").GetString(), two[0].GetProperty("replay").ValueKind));
    }

    [Fact]
    public void Json_of_a_program_is_one_object_with_its_outcomes()
    {
        ProgramRequest program = new(new ClassicProgram("sb", "Store buffering.", 2, 8, _ => _ => { }), 2,
            new ExploreSettings { Model = MemoryModel.Tso });
        JsonElement one = JsonDocument.Parse(Records.Json(ExploreJson.Of(program,
            Quiet() with { Outcomes = new Dictionary<string, long> { ["r0=0 r1=0"] = 1, ["r0=1 r1=1"] = 3 } }))).RootElement;
        Assert.Equal(("sb", 2, "tso", "exhaustive", 1234),
            (one.GetProperty("program").GetString(), one.GetProperty("size").GetInt32(), one.GetProperty("model").GetString(),
                one.GetProperty("search").GetString(), one.GetProperty("executions").GetInt32()));
        Assert.Equal(3, one.GetProperty("outcomes").GetProperty("r0=1 r1=1").GetInt32());
        Assert.All(["seconds", "executions_per_second", "complete", "bound", "verdict"],
            name => Assert.True(one.TryGetProperty(name, out _), name));
    }

    [Fact]
    public void Progress_says_how_long_it_will_take_where_that_is_known()
    {
        Assert.Equal("a on b: bound 1, 1,000 executions, 50 states, 10 s, 25 %, 00:30 left",
            ExploreProgressLine.Describe("a on b", new ExploreProgress("bound 1", 1000, 50, 10, 0.25)));
        Assert.Equal("a on b: bound 1, 1,000 executions, 50 states, 10 s, 1 %, budget ends in 00:50",
            ExploreProgressLine.Describe("a on b", new ExploreProgress("bound 1", 1000, 50, 10, 0.01) { SecondsLeft = 50 }));
        Assert.Equal("a on b: bound 1, 1,000 executions, 50 states, 10 s, 25 %, 00:30 left",
            ExploreProgressLine.Describe("a on b", new ExploreProgress("bound 1", 1000, 50, 10, 0.25) { SecondsLeft = 50 }));
        Assert.Equal("a on b: random, 1,000 executions, 10 s",
            ExploreProgressLine.Describe("a on b", new ExploreProgress("random", 1000, 0, 10, null)));
    }

    [Theory]
    [InlineData("one two three", 7, "one two|three")]
    [InlineData("abcdefgh ij", 3, "abc|def|gh|ij")]
    [InlineData("", 5, "")]
    public void Cells_break_between_words(string text, int width, string expected) =>
        Assert.Equal(expected.Split('|'), TextGrid.Wrap(text, width));

    private static ExploreResult Quiet() => new()
    {
        Verdict = Verdict.NothingFound,
        Executions = 1234,
        Cut = 56,
        States = 789,
        Steps = 100_000,
        Seconds = 0.5,
        IsComplete = true,
        Bound = "all schedules",
    };

    private static Exploration Violated(Failure failure) =>
        Explored("async-put", Quiet() with { Verdict = Verdict.Violated, Bound = "at most 2 preemptions", Failure = failure });

    private static Exploration Explored(string strategy, ExploreResult result)
    {
        LabCatalogue catalogue = new();
        return new Exploration(
            catalogue.Strategies.First(one => one.Name == strategy), catalogue.Scenario("fast-zap-toggle"),
            new StrategySettings { Search = StrategySearch.Bounded }, IsReplay: false, result);
    }

    private static string[] Print(IReadOnlyList<Exploration> done, bool allSteps = false)
    {
        using StringWriter output = new();
        TerminalWriter text = new(output);
        ExploreReport report = new(new ExploreRequest { AllSteps = allSteps });
        foreach (Exploration one in done) text.Write(report.Strategy(one));
        text.Write(ExploreReport.End(done));
        return output.ToString().Split('\n');
    }

    private static JsonElement Json(IReadOnlyList<Exploration> done)
    {
        return JsonDocument.Parse(Records.Json(done.Select(ExploreJson.Of).ToArray())).RootElement;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>As it reads, line breaks and columns forgotten.</summary>
    private static string Joined(IEnumerable<string> lines) => string.Join(' ', lines.SelectMany(Words));
}
