using System.Text;
using Lab.Application.Catalogue;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Explore;
using Lab.Settings;
using Lab.Tests.Cli;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>Tables and lists of documents say what the declarations say. One that does not fails with what to do; with
/// <c>LAB_WRITE_DOCUMENTS=1</c> in the environment it is written instead.</summary>
public sealed class GeneratedDocumentsTests
{
    private const string WriteVariable = "LAB_WRITE_DOCUMENTS";

    /// <summary>Document, name of the markers around the generated part, and what stands between them.</summary>
    private static readonly (string File, string Marker, Func<string> Generate)[] Generated =
    [
        ("docs/OPTIONS.md", "options", Options),
        ("strategies/README.md", "strategies", Strategies),
        ("workloads/README.md", "workloads", Workloads),
    ];

    public static TheoryData<string, string> Parts => [.. Generated.Select(one => (one.File, one.Marker))];

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_generated_table_is_up_to_date(string file, string marker)
    {
        string path = Path.Combine(LabProcess.Checkout, file), text = File.ReadAllText(path);
        string begin = $"<!-- {marker}:begin -->\n", end = $"<!-- {marker}:end -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = text.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= begin.Length && to >= from, $"{file} needs {begin.Trim()} and {end}");
        string expected = Generated.Single(one => (one.File, one.Marker) == (file, marker)).Generate();
        if (text[from..to] == expected) return;
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            File.WriteAllText(path, text[..from] + expected + text[to..]);
            return;
        }
        Assert.Fail($"{file} is out of date; run the tests with {WriteVariable}=1, or paste between the markers "
            + $"'{marker}':\n\n{expected}");
    }

    private static string Strategies() => Rows(
        "| name | code | idea | source |",
        Lab.Strategies.Catalogue.Roots.Where(one => !one.IsBroken && !one.IsBound)
            .Select(one => $"| `{one.Name}` | {one.Card.Code} | {one.Card.Idea} | {one.Card.Source} |"));

    private static string Workloads() => Rows(
        "| name | what happens | timed | only |",
        new LabCatalogue().Workloads.Select(one => $"| `{one.Name}` | {one.Card.Story} | {one.Card.Timed} | {Needs(one)} |"));

    private static string Needs(WorkloadEntry one) =>
        one.Needs(WorkloadNeeds.DirtyLog) ? "`--mmu radix`, or where the running kernel has the slots"
            : one.Needs(WorkloadNeeds.Tables) ? "`--mmu radix`"
            : one.Needs(WorkloadNeeds.Roots) ? "where the lab has the roots"
            : "";

    private static string Rows(string head, IEnumerable<string> rows) =>
        $"{head}\n|{string.Concat(Enumerable.Repeat("---|", head.Count(c => c == '|') - 1))}\n"
            + $"{string.Concat(rows.Select(row => $"{row}\n"))}";

    private static string Options()
    {
        StringBuilder text = new();
        text.Append("## run\n\nAlso what `lab` without a verb takes.\n");
        foreach (SettingGroup group in RunSettings.Groups) List(text, group, group.HeadingOf("`"));
        text.Append("\n## compare\n\nArms are measured with all options of `run` but ");
        Setting[] not = [.. RunSettings.All.Where(setting =>
            !setting.Shapes && !setting.IsHidden && !CompareSettings.Group.Settings.Any(own => own.Name == setting.Name))];
        text.Append(string.Join(", ", not.Select(setting => $"`{setting}`"))).Append(
            $", and with {CompareSettings.Departures}. Besides:\n");
        List(text, CompareSettings.Group, null);
        text.Append("\n## explore\n");
        List(text, ExplorationSettings.Group, null);
        return text.ToString();
    }

    private static void List(StringBuilder text, SettingGroup group, string? heading)
    {
        text.Append(heading is null ? "\n" : $"\n### {heading}\n\n");
        foreach (Setting setting in group.Settings.Where(setting => !setting.IsHidden))
        {
            string value = setting.IsFlag || setting.Repeats || setting.Default.Length == 0 ? "" : $" (`{setting.Default}`)";
            text.Append($"- `{setting}`{value}: {setting.DescriptionInGroup}\n");
        }
    }
}
