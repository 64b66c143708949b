using System.Text.RegularExpressions;
using Lab.Application.Catalogue;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>No rule names a strategy or a workload: what one needs or offers stands on its card. Looked for in string literals
/// outside cards and comments: a literal that is a name, an option with a name behind it, and a name of several words
/// anywhere.</summary>
public sealed partial class NamesAsStringsTests
{
    /// <summary>Words that mean something else where they stand, and the files that define a name.</summary>
    private static readonly (string File, string Name, string Reason)[] MayStand =
    [
        ("workloads/MemslotChurn.cs", "memslot-churn", "its own file"),
        ("workloads/FaultStorm.cs", "fault-storm", "its own file"),
        ("workloads/NotifierVsMemslot.cs", "notifier-vs-memslot", "its own file"),
        ("workloads/YieldAmplification.cs", "yield-amplification", "its own file"),
        ("workloads/AgeingPasses.cs", "ageing", "its own file"),
        ("workloads/NxRecoveries.cs", "nx-recovery", "its own file"),
        ("strategies/Family.cs", "ageing", "the family"),
        ("cli/List/ListCommand.cs", "ageing", "the family"),
        ("cli/Explore/ExplorationSettings.cs", "ageing", "the family"),
        ("rig/Lab/Settings/RunSettings.cs", "ageing", "the family"),
        ("workloads/Bystander.cs", "bystander", "its own file"),
        ("workloads/VmmTraceReplay.cs", "vmm-trace", "its own file"),
        ("rig/Lab/Comparing/CompareSettings.cs", "baseline", "runs that were kept: --baseline"),
        ("results/Comparisons/ComparisonManifest.cs", "baseline", "runs that were kept"),
        ("results/Comparisons/ArmDifferences.cs", "kernel", "the machine's"),
        ("rig/Measure/Doctor/SystemFacts.cs", "kernel", "the machine's"),
        ("strategies/Member.cs", "kernel", "a folder"),
        ("rig/Lab/Guests/GuestSettings.cs", "kernel", "the option: what is booted"),
        ("rig/Lab/Comparing/CompareSettings.cs", "kernel", "the option: what is booted"),
    ];

    private static string[] Names { get; } =
        [.. new LabCatalogue().Strategies.Select(one => one.Name), .. new LabCatalogue().Workloads.Select(one => one.Name)];

    [Fact]
    public void No_rule_names_a_strategy_or_a_workload()
    {
        (string File, string Name)[] found = [.. Files().SelectMany(file =>
            NamesIn(File.ReadAllText(Path.Combine(LabProcess.Checkout, file))).Select(name => (file, name))).Distinct()];
        Assert.Empty(found.Except(MayStand.Select(one => (one.File, one.Name))));
        Assert.Empty(MayStand.Select(one => (one.File, one.Name)).Except(found));
    }

    [Theory]
    [InlineData("""if (workload.Name == "last-put") return;""", "last-put")]
    [InlineData("""Fail("use --strategy kernel instead");""", "kernel")]
    [InlineData("""Fail("a floor of memslot-churn.");""", "memslot-churn")]
    [InlineData("""Note("the kernel has two-fast-zaps-dirty-log"); // "last-put" """, null)]
    [InlineData("""[Workload("last-put", Story = "dropped")] class X;""", null)]
    public void Names_are_seen_in_literals_only(string code, string? name) =>
        Assert.Equal(name is null ? [] : [name], NamesIn(code));

    private static IEnumerable<string> NamesIn(string code)
    {
        string[] literals = [.. Card().Replace(code, "").Split('\n')
            .SelectMany(line => Literal().Matches(Comment().Replace(line, "")).Select(match => match.Groups[1].Value))];
        return Names.Where(name => literals.Any(literal => literal == name
            || Regex.IsMatch(literal, $@"--(strategy|workload) {name}(?![\w-])")
            || (name.Contains('-') && Regex.IsMatch(literal, $@"(?<![\w-]){name}(?![\w-])"))));
    }

    private static IEnumerable<string> Files() =>
        new[] { "cli", "rig", "results", "plots", "report", "strategies", "workloads", "bench" }
            .Select(folder => Path.Combine(LabProcess.Checkout, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(LabProcess.Checkout, file));

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("^\\s*//.*$|(?<=[;{}]) *// .*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\[(Strategy|Workload)\([\s\S]*?\)\]")]
    private static partial Regex Card();
}
