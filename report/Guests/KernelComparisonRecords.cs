using Lab.Application.Guests;
using Lab.Hardware;
using Lab.Report.Documents;

namespace Lab.Report.Guests;

/// <summary>Something that a kernel complained of, for programs.</summary>
public sealed record ComplaintRecord(string Headline, string Text);

/// <summary>A kernel of a comparison, for programs. Name is its release, or what was asked for where both have the same; the
/// processor is <c>emulated</c> or <c>nested</c>; exit codes are those of the commands in its guest.</summary>
public sealed record KernelRecord(string Name, string Asked, string? Release, string Processor, IReadOnlyList<int> ExitCodes,
    IReadOnlyList<string> Runs, IReadOnlyList<string> Traces, IReadOnlyList<ComplaintRecord> Complaints);

/// <summary>How often something happened under each, for an <c>update</c>, for a <c>fault</c> or, where per is null, in all. Told
/// is what the report calls changed.</summary>
public sealed record CountRecord(string Workload, string Mmu, string What, string? Per, double First, double Second, bool Told);

/// <summary>What a part (<c>updater</c>, <c>worker</c>, <c>vcpu</c>, <c>destroyer</c>) of a VM's life did with roots, under a
/// kernel. References are what its puts met, in order.</summary>
public sealed record RootPartRecord(string Kernel, string Part, int Zaps, int Tables, int Queued, int Puts,
    IReadOnlyList<long> References);

/// <summary>What is not compared, and why.</summary>
public sealed record WaivedRecord(string Name, string Why);

/// <summary>Order and references of roots, the second kernel's trace against the first's. The line is one of the second's trace;
/// with what each does there it is null where the two are the same.</summary>
public sealed record RootsRecord(string Operation, bool Same, int? Line, string? Stream, string? First, string? Second,
    IReadOnlyList<string> OutOfOrder, IReadOnlyList<WaivedRecord> Waived, IReadOnlyList<RootPartRecord> Parts);

/// <summary>What <c>lab compare --kernel A --kernel B --format json</c> prints. Field names are stable; new ones are added at the
/// end. Bisect is the command that finds the commit, null where nothing parts the two.</summary>
public sealed record KernelsDocument(string Folder, IReadOnlyList<KernelRecord> Kernels, IReadOnlyList<CountRecord> Counts,
    IReadOnlyList<RootsRecord> Roots, string? Bisect);

/// <summary>A line of <c>lab compare --kernel A --kernel B --format csv</c>: a number or a text about one kernel. The kind is
/// <c>count</c>, <c>roots</c>, <c>order</c> (of the second's trace against the first's) or <c>complaint</c>.</summary>
public sealed record KernelLine(string Kind, string Kernel, string? Workload, string? Mmu, string? Operation, string? Who,
    string What, string? Per, double? Value, string? Text);

/// <summary>A comparison of kernels for programs.</summary>
public static class KernelComparisonRecords
{
    public static KernelsDocument Of(KernelComparison comparison, string folder)
    {
        string[] names = KernelComparisonReport.Names(comparison);
        return new KernelsDocument(folder,
            [.. comparison.Kernels.Zip(names, (kernel, name) => new KernelRecord(name, kernel.Asked, kernel.Outcome.Kernel,
                KernelComparisonReport.ProcessorOf(kernel), kernel.Outcome.Codes, kernel.Outcome.Runs, [.. kernel.Traces.Values],
                [.. kernel.Outcome.Complaints.Select(one => new ComplaintRecord(one.Headline, one.Text))]))],
            [.. comparison.Counts().Select(count => new CountRecord(count.Scene.Workload, count.Scene.Mmu, count.What, count.Per,
                count.Values[0], count.Values[1], KernelComparisonReport.IsChanged(count)))],
            [.. KernelComparison.Traced.Select(what => Roots(comparison, what, names)).OfType<RootsRecord>()],
            KernelComparisonReport.Bisect(comparison));
    }

    public static void WriteCsv(KernelComparison comparison, string folder, TextWriter to) =>
        Records.WriteCsv(Lines(Of(comparison, folder)), to, "0.######");

    private static RootsRecord? Roots(KernelComparison comparison, RootOperation what, string[] names)
    {
        if (comparison.Roots(what) is not { } verdict) return null;
        (string second, string first) = verdict.Sides;
        bool parts = verdict.FirstLine is not null;
        return new RootsRecord(KernelComparisonReport.Word(what), verdict.IsSame, verdict.FirstLine, verdict.Stream,
            parts ? first : null, parts ? second : null, verdict.OutOfOrder,
            [.. verdict.Waived.Select(one => new WaivedRecord(one.Name, one.Why))],
            [.. comparison.Kernels.Zip(names).SelectMany(kernel => kernel.First.Counted(what).Select(one =>
                new RootPartRecord(kernel.Second, one.Part, one.Zaps, one.Tables, one.Queued, one.Puts, one.References)))]);
    }

    private static IEnumerable<KernelLine> Lines(KernelsDocument document)
    {
        string[] names = [.. document.Kernels.Select(kernel => kernel.Name)];
        foreach (CountRecord count in document.Counts)
        {
            foreach ((string name, double value) in names.Zip((double[])[count.First, count.Second]))
            {
                yield return new KernelLine("count", name, count.Workload, count.Mmu, null, null, count.What, count.Per, value,
                    null);
            }
        }
        foreach (RootsRecord roots in document.Roots)
        {
            foreach (RootPartRecord part in roots.Parts)
            {
                KernelLine Line(string what, double? value, string? text = null) =>
                    new("roots", part.Kernel, null, null, roots.Operation, part.Part, what, null, value, text);
                yield return Line("zaps", part.Zaps);
                yield return Line("tables", part.Tables);
                yield return Line("queued", part.Queued);
                yield return Line("puts", part.Puts);
                yield return Line("references", null, string.Join(' ', part.References));
            }
            KernelLine Order(string what, double? value, string? text, string? who = null) =>
                new("order", names[^1], null, null, roots.Operation, who, what, null, value, text);
            yield return Order("same", roots.Same ? 1 : 0, null);
            if (roots.Line is { } line)
            {
                yield return Order("parts at line", line, $"{roots.Second} | {roots.First}", roots.Stream);
            }
            foreach (string broken in roots.OutOfOrder) yield return Order("out of order", null, broken);
            foreach (WaivedRecord waived in roots.Waived) yield return Order("not compared", null, waived.Name);
        }
        foreach (KernelRecord kernel in document.Kernels)
        {
            foreach (ComplaintRecord complaint in kernel.Complaints)
            {
                yield return new KernelLine("complaint", kernel.Name, null, null, null, null, complaint.Headline, null, null,
                    complaint.Text);
            }
        }
    }
}
