using Lab.Hardware;
using Lab.Mmu;

namespace Lab.Application.Conformance;

/// <summary>Whether a kernel did what something else does.</summary>
/// <param name="Kernel">Name of the trace.</param>
/// <param name="Other">The strategy, or the other trace.</param>
/// <param name="FirstLine">Line of the trace at which they part, past its last if the other does more; null if they do
/// not.</param>
/// <param name="Stream">Whose events part there.</param>
/// <param name="Report">Both side by side, as far as they differ.</param>
/// <param name="Waived">What was not compared: name and reason.</param>
public sealed record ConformanceVerdict(string Kernel, string Other, int? FirstLine, string? Stream, string Report,
    IReadOnlyList<(string Name, string Why)> Waived)
{
    public bool IsSame => FirstLine is null && OutOfOrder.Count == 0;

    /// <summary>Orders between threads that every design keeps and this trace does not, each with its line; not looked for where
    /// the two part.</summary>
    public IReadOnlyList<string> OutOfOrder { get; init; } = [];

    /// <summary>What each does where they part; empty if they do not.</summary>
    public (string Kernel, string Other) Sides
    {
        get
        {
            string? line = Report.Split('\n').FirstOrDefault(line => line.StartsWith(">>", StringComparison.Ordinal));
            if (line is null) return ("", "");
            // Behind the mark the number of the line in the trace, if it has it.
            string[] sides = line.Split('|');
            return (sides[0].TrimStart('>', ' ').TrimStart([.. "0123456789"]).Trim(), sides[1].Trim());
        }
    }

    /// <summary>Both in a line, the other second; empty if they do not part.</summary>
    public string Parting => Sides is ("", "") ? "" : $"{Sides.Kernel} | {Sides.Other}";
}

/// <summary>Compares the trace of a kernel with a strategy of the lab, or with the trace of another kernel.</summary>
public static class RootConformance
{
    private static readonly Waiver[] OfStrategies =
        [Waivers.ModeNotRecorded, Waivers.WorkersPhase, Waivers.InvalidateAtDestroyInlined, Waivers.VcpusPutExclusively,
            Waivers.FlagWalks];

    private static readonly Waiver[] OfTraces =
        [Waivers.ModeNotRecorded, Waivers.WorkersPhase, Waivers.InvalidateAtDestroyInlined];

    /// <summary>With the granularity of zaps that fits best, and no more waivers than it takes.</summary>
    /// <param name="name">Of the trace.</param>
    /// <param name="lines">Its text.</param>
    /// <param name="operation">What was done to the VM.</param>
    /// <param name="strategy">In the catalogue.</param>
    /// <exception cref="FormatException">A line of the trace is not understood.</exception>
    public static ConformanceVerdict WithStrategy(
        string name, IReadOnlyList<string> lines, RootOperation operation, string strategy)
    {
        History kernel = RecordedTrace.Parse(name, lines);
        ConformanceVerdict? best = null;
        foreach (ZapPasses passes in (ZapPasses[])[ZapPasses.AsSource, ZapPasses.Coarse, ZapPasses.Fine])
        {
            ConformanceVerdict one = Fewest(kernel, LabScenario.Run(strategy, passes, operation), OfStrategies);
            if (one.IsSame) return one;
            if (best is null || one.FirstLine > best.FirstLine) best = one;
        }
        return best!;
    }

    /// <exception cref="FormatException">A line of a trace is not understood.</exception>
    public static ConformanceVerdict WithTrace(
        string name, IReadOnlyList<string> lines, string otherName, IReadOnlyList<string> otherLines) =>
        Fewest(RecordedTrace.Parse(name, lines), RecordedTrace.Parse(otherName, otherLines), OfTraces);

    /// <summary>Nothing is waived that makes no difference; and where they differ all the same, only what a trace does not
    /// have.</summary>
    private static ConformanceVerdict Fewest(History kernel, History other, IReadOnlyList<Waiver> known)
    {
        List<Waiver> taken = [.. known];
        if (Comparison.Of(kernel, other, taken).First is not null)
        {
            taken = [Waivers.WorkersPhase];
            if (HasNoModes(kernel) || HasNoModes(other)) taken.Add(Waivers.ModeNotRecorded);
            return Verdict(kernel, other, taken);
        }
        foreach (Waiver waiver in known)
        {
            List<Waiver> fewer = [.. taken.Where(one => one != waiver)];
            if (Comparison.Of(kernel, other, fewer).First is null) taken = fewer;
        }
        return Verdict(kernel, other, taken);
    }

    private static bool HasNoModes(History history) =>
        history.Events.All(one => one.Event.Verb != Verb.Put || one.Event.Shared is null);

    private static ConformanceVerdict Verdict(History kernel, History other, IReadOnlyList<Waiver> taken)
    {
        Comparison comparison = Comparison.Of(kernel, other, taken);
        return new ConformanceVerdict(kernel.Name, other.Name, comparison.First?.Line, comparison.First?.Stream,
            comparison.Report, [.. taken.Select(waiver => (waiver.Name, waiver.Why))])
            { OutOfOrder = comparison.First is null ? CausalOrder.Check(kernel) : [] };
    }
}
