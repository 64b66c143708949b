using Lab.Application;
using Lab.Application.Comparing;
using Lab.Cli.Compare;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Fleet;
using Lab.Results.Statistics;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary>A comparison put together, one for each class of machines: classes are never pooled. Each is a folder as
/// <c>lab compare</c> leaves one.</summary>
internal sealed class GatheredBlocks(Gathered gathered, LabConsole console)
{
    private sealed record OneClass(
        FleetMachine Machine, int Machines, ComparisonFolder Folder, int Code, ArmComparison? Comparison);

    public int Print(string format, string root)
    {
        CompareFormat form = FleetGather.Format(format, CompareFormat.Table);
        if (root.Length == 0) root = CompareSettings.Out.Default;
        List<OneClass> classes = [];
        IGrouping<string, UnitResult>[] found = [.. gathered.Results.GroupBy(unit => unit.Machine.Class)];
        foreach (IGrouping<string, UnitResult> one in found)
        {
            if (found.Length > 1) console.Error.WriteLine($"class {one.Key}: {Describe(one.First().Machine)}");
            classes.Add(Compare(one.Key, [.. one], form, root));
        }
        if (classes.Count == 0) return ExitCode.Fine;
        if (classes.Count > 1)
        {
            // Beside what a parser reads.
            if (form is CompareFormat.Table or CompareFormat.Markdown) Write(Overall(classes), form);
            else console.Error.WriteLine($"note: {Verdict(classes)}");
        }
        // As of one machine: what is worst first.
        int[] order =
            [ExitCode.InvariantViolated, ExitCode.Regression, ExitCode.Contaminated, ExitCode.Usage, ExitCode.NotComparable,
                ExitCode.Inconclusive];
        return order.FirstOrDefault(code => classes.Any(one => one.Code == code), ExitCode.Fine);
    }

    private OneClass Compare(string name, UnitResult[] units, CompareFormat form, string root)
    {
        FleetPlan plan = gathered.Plan.Plan;
        ComparisonFolder folder = ComparisonFolder.Create(root, plan.Comparison!);
        foreach (UnitResult unit in units)
        {
            foreach (string run in unit.Block!.Runs.Select(one => one.Run).OfType<string>())
            {
                FolderCopy.Of(Path.Combine(gathered.Plan.ResultFolder(unit.Unit), "runs", run), Path.Combine(folder.Runs, run));
            }
        }
        folder.Add(units.Select(unit => unit.Block!).OrderBy(block => block.Seed));
        folder.Finish();
        console.Error.WriteLine($"comparison: {folder.Path}");
        SettingValues values = SettingValues.Defaults.With(CompareSettings.Gate, plan.Gate)
            .With(CompareSettings.Strict, plan.Strict).With(CompareSettings.Format, form)
            .With(CompareSettings.Resume, folder.Path);
        CompareCommand command = new(new CompareRequest(values), folder.Manifest.CommandLine, console);
        int machines = units.Select(unit => unit.Machine.Host).Distinct().Count();
        IReadOnlyList<ComparisonArm> arms = folder.Manifest.Arms;
        FixedArms given = new(arms, console.Error);
        Manifest[] here = [.. arms.Index().Where(arm => arm.Item.Source == ArmSource.Strategy)
            .SelectMany(arm => ArmReader.FromBlocks(folder, arm.Index).Runs).Select(run => run.Record.Manifest).Distinct()];
        if (!plan.Anyway && here.Length > 0 && given.WhyNotComparable(here) is { } why)
        {
            console.Error.WriteLine($"lab: class {name}: {why}; plan with --anyway to compare them nevertheless.");
            return new OneClass(units[0].Machine, machines, folder, ExitCode.NotComparable, null);
        }
        ArmComparison comparison = command.Conclude(folder, arms, given);
        return new OneClass(units[0].Machine, machines, folder, command.Code(comparison, folder), comparison);
    }

    private void Write(Document document, CompareFormat form)
    {
        if (form == CompareFormat.Markdown) new MarkdownWriter(console.Out).Write(document);
        else console.Text.Write(document);
    }

    /// <summary>What decides, by class.</summary>
    private static Document Overall(List<OneClass> classes)
    {
        (string, string, string)[] asked = [.. classes.SelectMany(one => Decisive(one.Comparison)).Select(Key).Distinct()];
        return new Document("lab fleet")
        {
            Answer = [new(Verdict(classes), Disagreements(classes).Length > 0 ? Mood.Warn : Mood.Good)],
            Parts =
            [
                new Table(["arm", "metric", "quantile", .. classes.Select(one => (Column)one.Machine.Class)],
                    [.. asked.Select(key => (IReadOnlyList<Cell>)[key.Item1, key.Item2, key.Item3,
                        .. classes.Select(one => (Cell)(Decisive(one.Comparison).FirstOrDefault(row => Key(row) == key) is { } row
                            ? Word(row) : one.Comparison is null ? "not comparable" : "not there"))])]),
                .. classes.Select(one => new Prose($"  {one.Machine.Class}: {Describe(one.Machine)}, "
                    + $"{Plural.Of(one.Machines, "machine")}; {one.Folder.Path}", Mood.Soft)),
            ],
        };
    }

    private static string Verdict(List<OneClass> classes)
    {
        string[] differ = Disagreements(classes);
        string slower = string.Join(", ", classes.Where(one => one.Code == ExitCode.Regression).Select(one => one.Machine.Class));
        string worst = slower.Length > 0 ? $"slower on {slower}" : "slower on none";
        return differ.Length == 0 ? $"{classes.Count} classes of machines agree; {worst}"
            : $"{classes.Count} classes of machines disagree on {string.Join(", ", differ)}; {worst}";
    }

    private static string[] Disagreements(List<OneClass> classes) =>
    [
        .. classes.SelectMany(one => Decisive(one.Comparison)).GroupBy(Key)
            .Where(rows => rows.Select(Word).Distinct().Count() > 1 || rows.Count() < classes.Count)
            .Select(rows => $"{rows.Key.Item2} {rows.Key.Item3} of {rows.Key.Item1}"),
    ];

    private static IEnumerable<ComparedRow> Decisive(ArmComparison? comparison) =>
        comparison?.Rows.Where(row => row.Gated) ?? [];

    private static (string, string, string) Key(ComparedRow row) =>
        (row.ArmB, $"{row.Scene.Workload} {row.Metric}", row.Quantile);

    private static string Word(ComparedRow row) => row.Answer is not { } answer ? "not asked"
        : answer.Verdict switch
        {
            RatioVerdict.Faster => "faster",
            RatioVerdict.Slower => "slower",
            RatioVerdict.Equivalent => "equivalent",
            _ => "inconclusive",
        };

    private static string Describe(FleetMachine machine) =>
        $"{machine.Facts.Cpu}, {Plural.Of(machine.Facts.Cores, "core")}, Linux {machine.Facts.Kernel}"
            + (machine.Microcode.Length == 0 ? "" : $", microcode {machine.Microcode}");
}
