using System.Globalization;
using Lab.Application.Conformance;
using Lab.Application.Guests;
using Lab.Hardware;
using Lab.Report.Documents;

namespace Lab.Report.Guests;

/// <summary>Two kernels side by side: what the second does otherwise, and who pays.</summary>
public static class KernelComparisonReport
{
    /// <summary>Counts of two boots of the same kernel differ by less; what is told here differs by more.</summary>
    private const double Told = 1.5;

    public static Document Of(KernelComparison comparison)
    {
        string[] names = Names(comparison);
        ComparedCount[] counts = [.. comparison.Counts()];
        (RootOperation What, ConformanceVerdict Verdict)[] roots = [.. KernelComparison.Traced
            .Select(what => (what, comparison.Roots(what))).Where(one => one.Item2 is not null)
            .Select(one => (one.what, one.Item2!))];
        return new Document("lab compare --kernel")
        {
            Place = string.Join(" · ", comparison.Kernels.Zip(names, (kernel, name) => name == kernel.Name
                ? $"{name} ({ProcessorOf(kernel)})" : $"{name} ({kernel.Name}, {ProcessorOf(kernel)})")),
            Answer =
            [
                .. comparison.Kernels.Where(kernel => kernel.Outcome.Complaints.Count > 0).Select(kernel => new Prose(
                    $"{kernel.Name} complained: {kernel.Outcome.Complaints[0].Headline}.", Mood.Bad)),
                .. roots.SelectMany(one => (Prose?[])[Sentence(one.What, one.Verdict), Payer(comparison, one.What)])
                    .OfType<Prose>(),
                Changed(counts),
            ],
            Next = [.. Next(comparison)],
            Parts =
            [
                new Section("Counts", [.. counts.GroupBy(count => count.Scene).Select(scene => new Section(scene.Key.ToString(),
                    [Table(scene, names)]))], "counts"),
                .. roots.Select(one => Roots(comparison, one.What, one.Verdict, names)),
                .. comparison.Kernels.Where(kernel => kernel.Outcome.Complaints.Count > 0).Select(kernel => new Section(
                    $"What {kernel.Name} complained of", [.. kernel.Outcome.Complaints.Select(one =>
                        new Commands(one.Headline, one.Text.Split('\n')))], "complaints")),
            ],
        };
    }

    /// <summary>Two builds of one release are told apart by what was typed.</summary>
    internal static string[] Names(KernelComparison comparison)
    {
        string[] names = [.. comparison.Kernels.Select(kernel => kernel.Name)];
        return names.Distinct().Count() == names.Length ? names : [.. comparison.Kernels.Select(kernel => kernel.Asked)];
    }

    internal static string ProcessorOf(MeasuredKernel kernel) =>
        kernel.Outcome.Processor == GuestProcessor.Emulated ? "emulated" : "nested";

    internal static string Word(RootOperation what) => what.ToString().ToLowerInvariant();

    private static Prose Sentence(RootOperation what, ConformanceVerdict verdict) => verdict.IsSame
        ? new Prose($"Roots at {Word(what)}: same order, counts and references.", Mood.Good)
        : new Prose(string.Create(CultureInfo.InvariantCulture, $"Roots at {Word(what)}: they part at "
            + $"line {verdict.FirstLine} of the second's trace ({verdict.Stream}), second | first: {verdict.Parting}."),
            Mood.Warn);

    /// <summary>Who zaps under the one and under the other; null where that is the same.</summary>
    private static Prose? Payer(KernelComparison comparison, RootOperation what)
    {
        Dictionary<string, int>[] zaps =
            [.. comparison.Kernels.Select(kernel => kernel.Counted(what).ToDictionary(one => one.Part, one => one.Zaps))];
        string[] moved = [.. zaps.SelectMany(one => one.Keys).Distinct()
            .Select(part => (Part: part, Passes: zaps.Select(one => one.GetValueOrDefault(part)).ToArray()))
            .Where(one => one.Passes[0] != one.Passes[1])
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Part} {one.Passes[0]} → {one.Passes[1]}"))];
        return moved.Length == 0 ? null : new Prose($"Zap passes at {Word(what)}: {string.Join(", ", moved)}.", Mood.Warn);
    }

    private static Prose Changed(ComparedCount[] counts)
    {
        string[] told = [.. counts.Where(IsChanged).Select(count => string.Create(CultureInfo.InvariantCulture,
            $"{count.What} per {count.Per} on {count.Scene.Workload} {count.Values[0]:0.##} → {count.Values[1]:0.##}"))];
        return told.Length == 0 ? new Prose("Counts per update and per fault differ by less than half.")
            : new Prose($"{Documents.Told.Capital(string.Join("; ", told))}.", Mood.Warn);
    }

    internal static bool IsChanged(ComparedCount count) => count is { Per: not null, Values: [var before, var after] }
        && (before == 0 || after == 0 || Math.Max(before / after, after / before) >= Told);

    private static Table Table(IEnumerable<ComparedCount> counts, string[] names) => new(
        ["", .. Column.Numbers(names), "per"],
        [.. counts.Select(count => (IReadOnlyList<Cell>)[count.What,
            .. count.Values.Select(value => Cell.Number(value, "#,0.##")), count.Per ?? ""])]);

    /// <summary>Who did how much, and where the traces part.</summary>
    private static Section Roots(KernelComparison comparison, RootOperation what, ConformanceVerdict verdict, string[] names)
    {
        List<IReadOnlyList<Cell>> rows = [];
        foreach ((MeasuredKernel kernel, string name) in comparison.Kernels.Zip(names))
        {
            foreach (RootCounts one in kernel.Counted(what))
            {
                rows.Add([name, one.Part, Cell.Count(one.Zaps), Cell.Count(one.Tables), Cell.Count(one.Queued),
                    Cell.Count(one.Puts), string.Join(' ', one.References)]);
            }
        }
        return new Section($"Roots at {Word(what)}",
        [
            new Table(["under", "who", .. Column.Numbers("zap passes", "tables", "queued", "puts"), "references met"], rows),
            .. verdict.Waived.Select(one => new Prose($"not compared: {one.Name}. {one.Why}", Mood.Soft)),
            .. verdict.IsSame ? [] : (Part[])[
                new Prose($"Line by line, left {names[1]}, right {names[0]}:") { For = Reader.Page },
                .. ConformanceReport.SideBySide(verdict).Select(part => part with { For = Reader.Page })],
        ], Word(what));
    }

    private static IEnumerable<(string, string)> Next(KernelComparison comparison)
    {
        if (comparison.Kernels.All(kernel => kernel.Outcome.Processor == GuestProcessor.Nested))
        {
            yield return ("times", "lab compare " + string.Join(' ', comparison.Kernels.SelectMany(kernel => kernel.Outcome.Runs))
                + " --subject kernel");
        }
        if (Bisect(comparison) is { } bisect)
        {
            yield return ("the commit, in the kernel's tree, after git bisect start BAD GOOD", bisect);
        }
    }

    /// <summary>The command with which git finds the commit that brought what the second kernel does otherwise; null where
    /// nothing tells them apart that a single boot shows. Each step builds, and tells git other (1), same (0) or cannot tell
    /// (125).</summary>
    internal static string? Bisect(KernelComparison comparison)
    {
        string? told = comparison.Kernels is [{ Outcome.Complaints.Count: 0 }, { Outcome.Complaints.Count: > 0 }]
            ? $"guest --kernel . -- {KernelComparison.Commands([])[0].Aggregate((all, word) => $"{all} {word}")}"
            : KernelComparison.Traced.Where(what => comparison.Roots(what) is { IsSame: false })
                // The first kernel's trace is the good one.
                .Select(what => $"guest trace --kernel . --operation {Word(what)} --as "
                    + Path.GetFullPath(comparison.Kernels[0].Traces[what])).FirstOrDefault();
        return told is null ? null : $"git bisect run sh -c 'make -s -j2 bzImage modules || exit 125; lab {told}; "
            + "case $? in 0) exit 0;; 4) exit 1;; *) exit 125;; esac'";
    }
}
