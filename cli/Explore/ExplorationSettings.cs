using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Application.Settings;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Programs;
using Lab.Explorer.Strategies;
using Lab.Settings;
using Lab.Strategies;

namespace Lab.Cli.Explore;

/// <summary>All that <c>lab explore</c> can be told.</summary>
internal static class ExplorationSettings
{
    public static SettingGroup Group { get; } = new("explore");
    public static Setting<string> Strategy { get; } = Group.Add(
        "strategy", RunSettings.NamesOf(Family.Roots, "broken"), Lab.Strategies.Catalogue.ExploredByDefault,
        "strategies, comma-separated; 'all' is every sound one, 'broken' every broken one");
    public static Setting<string> Notifier { get; } = Group.Add(
        "notifier", RunSettings.NamesOf(Family.Notifier, "broken"), "",
        "notifiers, comma-separated, 'all' or 'broken'; default: the first of 'lab list notifiers'");
    public static Setting<string> Ageing { get; } = Group.Add(
        "ageing", RunSettings.NamesOf(Family.Ageing, "broken"), "",
        "ageing schemes, comma-separated, 'all' or 'broken'; default: the first of 'lab list ageing'");
    public static Setting<string> Scenario { get; } = Group.Add(
        "scenario", Form.NamesOf(() => new LabCatalogue().Scenarios.Select(one => one.Name), "all"), "",
        "scenarios, comma-separated, 'all', or a .scenario file; default: all, quickest first, until one fails");
    public static Setting<IReadOnlyList<string>> Set { get; } =
        Group.Add("set", Form.Texts, "none", "scenario parameter, as vcpus=2; repeatable");

    /// <summary>Null for auto.</summary>
    public static Setting<StrategySearch?> Search { get; } = Group.Add(
        "search", Form.Words<StrategySearch?>(
            ("exhaustive", StrategySearch.Exhaustive), ("bounded (by preemptions, fewest first)", StrategySearch.Bounded),
            ("random", StrategySearch.Random),
            ("pct", StrategySearch.Pct), ("pos", StrategySearch.Pos), ("urw", StrategySearch.Urw),
            ("auto (bounded for a broken strategy, else exhaustive)", null)),
        "auto", "how schedules are chosen");
    public static Setting<int> PreemptionsMax { get; } = Group.Add(
        "preemptions", Form.Whole(0, 1000).Or("unlimited", int.MaxValue), "unlimited",
        "at most so many preemptions");

    /// <summary>Null for auto.</summary>
    public static Setting<MemoryModel?> Model { get; } = Group.Add(
        "model", Form.Words<MemoryModel?>(
            ("sc", MemoryModel.Sc), ("tso", MemoryModel.Tso), ("ra", MemoryModel.Ra), ("rc11", MemoryModel.Rc11),
            ("arm", MemoryModel.Arm), ("arm-ldapr", MemoryModel.ArmLdapr), ("lkmm", MemoryModel.Lkmm),
            ("auto (sc; and where no scenario is named tso after it, if a load could overtake a store; of litmus tests lkmm)",
                null)),
        "auto", "memory model; strategies know sc and tso, programs and litmus tests all");
    public static Setting<TimeSpan> Budget { get; } = Group.Add(
        "budget", Form.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24)).Or("none", Timeout.InfiniteTimeSpan) with
            { Takes = "30s, or none" },
        "1m", "wall-clock time per strategy, shared by its scenarios in rounds");
    public static Setting<int?> ExecutionsMax { get; } = Group.Add(
        "executions", Form.Whole(1, int.MaxValue).OrNone("") with { Takes = "" }, "",
        "stop after so many executions; default of random searches: 100000");
    public static Setting<int> Depth { get; } = Group.Add("depth", Form.Whole(1, 64), "3", "bug depth of --search pct");
    public static Setting<ulong> Seed { get; } = Group.Add("seed", Form.Seed, "1", "seed of the random searches");
    public static Setting<int> Workers { get; } = Group.Add("workers", Form.Whole(1, 256), "1", "threads that explore");
    public static Setting<string> Replay { get; } =
        Group.Add("replay", Form.Text, "", "run the schedule that a failure report printed");
    public static Setting<bool> AsFound { get; } =
        Group.Add("as-found", Form.Flag, "off", "print a failing schedule as found, not the smallest");
    public static Setting<bool> Glue { get; } =
        Group.Add("glue", Form.Flag, "off", "glue the halves of a fast zap together (reference 3.4)");
    public static Setting<bool> Tail { get; } = Group.Add(
        "tail", Form.Flag, "off", "new roots join the list at its tail (reference 3.4)");
    public static Setting<string> Program { get; } =
        Group.Add("program", Form.NameOf(() => [.. ClassicPrograms.All.Select(one => one.Name), RmapLock.Name,
                .. RmapLock.All.Select(one => one.Name)]),
            "", "explore a classic program instead of strategies; rmap-lock compares versions of KVM's lock under all models");
    public static Setting<IReadOnlyList<string>> Litmus { get; } = Group.Add(
        "litmus", Form.Paths, "none", "litmus tests in the kernel's C: files, one or more");
    public static Setting<bool> Weaken { get; } = Group.Add(
        "weaken", Form.Flag, "off", "of a litmus test: which orders can be dropped without a new state");
    public static Setting<string> Size { get; } =
        Group.Add("size", Form.Text, "", "size of the program");
    public static Setting<ExploreFormat> Format { get; } =
        Group.Add("format", Form.Words<ExploreFormat>(), "text", "standard output");
    public static Setting<bool> AllSteps { get; } = Group.Add(
        "all-steps", Form.Flag, "off", "print steps that change nothing, too");
    public static Setting<IReadOnlyList<string>> Plugins { get; } = Group.Add(
        "plugin", Form.Texts, "none", "assembly with strategies of your own; repeatable");

    /// <summary>Of a program, a slice of its search; of strategies, the number of one of the explorations asked for and, as
    /// <c>0:3/64</c>, a part of it. What a unit of a fleet is given.</summary>
    public static Setting<string> Shard { get; } = Group.Add("shard", Form.Text, "", "part of what was asked for", hidden: true);

    /// <summary>What a replay string decides.</summary>
    public static IReadOnlyList<Setting> Replayed { get; } =
        [Notifier, Ageing, Set, Search, PreemptionsMax, Model, ExecutionsMax, Depth, Seed, Workers, AsFound, Glue, Tail];

    /// <summary>What chooses among schedules: litmus tests have executions.</summary>
    public static IReadOnlyList<Setting> OfSchedules { get; } =
        [Search, PreemptionsMax, ExecutionsMax, Depth, Seed, Replay, Size, AllSteps];

    public static IReadOnlyList<Setting> OfStrategies { get; } =
        [Strategy, Notifier, Ageing, Scenario, Set, PreemptionsMax, Workers, AsFound, Glue, Tail, Plugins];
}
