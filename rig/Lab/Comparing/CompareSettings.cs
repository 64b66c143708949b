using Lab.Application.Guests;
using Lab.Application.Settings;
using Lab.Measure;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>What <c>lab compare</c> can be told besides the settings of the runs that it measures.</summary>
public static class CompareSettings
{
    public static SettingGroup Group { get; } = new("compare");
    public static Setting<int> Blocks { get; } = Group.Add(
        "blocks", Form.Whole(1, 1000), "10", "blocks; each runs every arm once");
    public static Setting<TimeSpan?> Turns { get; } = Group.Add(
        "turns", RunSettings.TurnLength.OrNone("off") with { Takes = "" }, "50ms",
        "turns in which the arms of a block measure; off: one arm after another");
    public static Setting<double> Threshold { get; } =
        Group.Add("threshold", Form.Share(100), "2%", "smallest difference that matters");
    public static Setting<ComparedSubject> Subject { get; } = Group.Add(
        "subject", Form.Words<ComparedSubject>(), "strategy", "what the arms differ in; other differences are reported");
    public static Setting<double?> Tail { get; } = Group.Add(
        "tail", Form.Words<double?>(("off", null), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)), "off",
        "quantile to decide; a first block tells how long runs must be");
    public static Setting<string> Metric { get; } = Group.Add(
        "metric", Form.Text, "", "metrics that decide, comma-separated; default: what the updater waits for");
    public static Setting<bool> Gate { get; } =
        Group.Add("gate", Form.Flag, "off", "exit 6 if a metric that decides stays open");
    public static Setting<bool> Strict { get; } = Group.Add("strict", Form.Flag, "off", "exit 5 if a run was contaminated");
    public static Setting<string> Baseline { get; } =
        Group.Add("baseline", Form.Text, "", "first arm: runs kept by --save-baseline");
    public static Setting<string> SaveBaseline { get; } =
        Group.Add("save-baseline", RunSettings.BaselineName, "", "name to keep the runs under");
    public static Setting<bool> Anyway { get; } = Group.Add("anyway", Form.Flag, "off", "take a baseline of another machine");
    public static Setting<string> Resume { get; } =
        Group.Add("resume", Form.Text, "", "comparison folder to finish, or with --blocks to extend");
    public static Setting<double> Inject { get; } = Group.Add(
        "inject", Form.Share(1000), "0", "self-test: the last arm's memslot updates take so many per cent longer");
    public static Setting<ulong> Seed { get; } =
        Group.Add("seed", Form.Seed, "1", "seed of block order and access patterns");
    public static Setting<string> Out { get; } =
        Group.Add("out", Form.Text, Path.Combine("results", "comparisons"), "folder for comparison folders");
    public static Setting<CompareFormat> Format { get; } =
        Group.Add("format", Form.Words<CompareFormat>(), "table", "standard output");

    /// <summary>Two, instead of arms.</summary>
    public static Setting<IReadOnlyList<string>> Kernels { get; } = Group.Add(
        "kernel", Form.Texts, "none", "twice: two kernels (as lab guest takes them) instead of arms; counts, order, references");
    public static Setting<ProcessorChoice> Processor { get; } = Group.Add(
        "processor", Form.Words<ProcessorChoice>(), "auto", "of the guests of --kernel: nested, emulated, or what can be");

    /// <summary>Settings of runs, which all arms are measured with unless one has its own.</summary>
    public static IReadOnlyList<Setting> OfRuns { get; } = [.. RunSettings.All.Where(setting => setting.Shapes)];

    /// <summary>What a measured arm is given unless told otherwise: so short that 2 arms × 10 blocks take less than 3
    /// minutes.</summary>
    private static IReadOnlyList<(Setting Setting, string Value)> Brief { get; } =
        [(RunSettings.Memory, "8MiB"), (WindowSettings.Declared.Warmup, "250ms")];

    /// <summary>Where the defaults are not those of <c>run</c>, in words.</summary>
    public static string Departures =>
        string.Join(" and ", Brief.Select(one => $"{one.Setting} {one.Value} instead of {one.Setting.Default}"));

    /// <summary>The default of a setting of the runs.</summary>
    public static string DefaultOf(Setting setting) =>
        Brief.FirstOrDefault(one => one.Setting == setting).Value ?? setting.Default;
}
